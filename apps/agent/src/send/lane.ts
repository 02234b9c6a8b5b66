import { messageOf, type Clock, type Logger, type Rng } from "@sluice/model";
import { hostOf, printableUrl, type ClientConfig } from "../config.ts";
import type { AgentMetrics } from "../metrics.ts";
import type { TimeRange } from "../tail/assigned-times.ts";
import type { FilePosition } from "../tail/file-position.ts";
import type { AssignedRange } from "../tail/positions.ts";
import { Backoff } from "./backoff.ts";
import { heldBytes, OpenBatch, splitBody, type SealedBatch } from "./batch.ts";
import { PushClient, type PushAnswer } from "./push-client.ts";

export interface LaneOptions {
  readonly client: ClientConfig;
  /** Which client of the config this is: its place in `FilePosition` and `StreamLabels`. */
  readonly index: number;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly metrics: AgentMetrics;
  /** Makes the assigned times of a batch durable; rejects while that is not possible. */
  readonly persist: (ranges: readonly AssignedRange[]) => Promise<void>;
}

/** Pauses are this many times as long while a server refuses us. */
const refusedFactor = 10;
/** How much of a server's answer the log shows. */
const loggedTextMax = 500;
const idleMs = 3_600_000;

/**
 * The way of entries to one server: one open batch, a queue of sealed ones, one request at a time. So a stream's
 * entries arrive in the order of their file, and what is acknowledged is always all up to some place in each file.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #client: PushClient;
  readonly #backoff: Backoff;
  readonly #slowBackoff: Backoff;
  readonly #open = new OpenBatch();
  readonly #queue: SealedBatch[] = [];
  readonly #host: string;
  readonly #tenant: string;
  #openedAtMs = 0;
  #queuedBytes = 0;
  #isStopping = false;
  #wake: () => void = () => {};
  #trouble: string | undefined;
  #isRefused = false;

  constructor(options: LaneOptions) {
    const { client, clock, rng } = options;
    const { min_period: minMs, max_period: maxMs } = client.backoff_config;
    this.#options = options;
    this.#client = new PushClient(client, clock);
    this.#backoff = new Backoff({ minMs, maxMs, rng });
    this.#slowBackoff = new Backoff({ minMs: Math.min(minMs * refusedFactor, maxMs), maxMs, rng });
    this.#host = hostOf(client);
    this.#tenant = client.tenant_id ?? "";
  }

  /** Everything that is read and not acknowledged, as it lies in memory. */
  get inFlightBytes(): number {
    return this.#queuedBytes + this.#open.sizeBytes;
  }

  /** Why nothing goes out at the moment; undefined when all is well. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Whether the server refuses us (login, address), which waiting alone will not cure. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  add(
    labels: string,
    seconds: number,
    nanos: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    position: FilePosition,
    safeOffset: number,
    range: TimeRange | undefined,
  ): void {
    const open = this.#open;
    if (open.entryCount > 0 && open.requestBytes + (end - start) > this.#options.client.batchsize) {
      this.#seal();
    }
    if (open.entryCount === 0) {
      this.#openedAtMs = this.#options.clock.nowMs();
      this.#wake();
    }
    open.add(labels, seconds, nanos, bytes, start, end, position, safeOffset, range);
  }

  /** Asks {@link run} to send what there is and end. */
  stop(): void {
    this.#isStopping = true;
    this.#wake();
  }

  /** Sends until it is stopped and all is sent, or until the signal aborts: then what is left stays unacknowledged. */
  async run(abort: AbortSignal): Promise<void> {
    while (!abort.aborted) {
      const batch = this.#queue[0];
      if (batch !== undefined) {
        await this.#deliver(batch, abort);
        continue;
      }
      const waitMs = this.#openWaitMs();
      if (waitMs <= 0) {
        this.#seal();
      } else if (this.#isStopping) {
        return;
      } else {
        const woken = new AbortController();
        this.#wake = () => woken.abort();
        await this.#options.clock.sleep(waitMs, AbortSignal.any([abort, woken.signal]));
      }
    }
  }

  /** How long the open batch may wait for more. While the lane is busy it just grows. */
  #openWaitMs(): number {
    if (this.#open.entryCount === 0) {
      return idleMs;
    }
    const { client, clock } = this.#options;
    return this.#isStopping ? 0 : Math.min(this.#openedAtMs + client.batchwait - clock.nowMs(), client.batchwait);
  }

  #seal(): void {
    const batch = this.#open.seal();
    this.#queue.push(batch);
    this.#queuedBytes += heldBytes(batch);
    this.#options.metrics.encodedBytes.add(batch.body.length, { host: this.#host });
    this.#wake();
  }

  async #deliver(batch: SealedBatch, abort: AbortSignal): Promise<void> {
    await this.#persist(batch, abort);
    if (abort.aborted || !(await this.#send(batch.body, batch.entryCount, abort))) {
      return;
    }
    this.#queue.shift();
    this.#queuedBytes -= heldBytes(batch);
    for (const { position, offset } of batch.settles) {
      position.acknowledge(this.#options.index, offset);
    }
  }

  async #persist(batch: SealedBatch, abort: AbortSignal): Promise<void> {
    const { persist, logger, clock, metrics } = this.#options;
    while (!abort.aborted) {
      try {
        await persist(batch.ranges);
        return;
      } catch (error) {
        metrics.positionsFailures.add(1);
        this.#trouble = `cannot save positions: ${messageOf(error)}`;
        logger.error("cannot save the times of lines; nothing is sent until it works", { error: messageOf(error) });
        await clock.sleep(this.#backoff.next(), abort);
      }
    }
  }

  /** @returns whether the entries are settled: stored, or refused for good and counted. False only after an abort. */
  async #send(body: Uint8Array<ArrayBuffer>, entryCount: number, abort: AbortSignal): Promise<boolean> {
    while (!abort.aborted) {
      const answer = await this.#post(body, abort);
      switch (answer.verdict) {
        case "stored":
          this.#stored(body, entryCount);
          return true;
        case "invalid":
          this.#drop(body, rejectedCount(answer.text, entryCount), "ingester_error", answer);
          this.#recover();
          return true;
        case "too_large": {
          const halves = splitBody(body);
          if (halves === undefined) {
            this.#drop(body, entryCount, "line_too_long", answer);
            return true;
          }
          for (const half of halves) {
            if (!(await this.#send(half.body, half.entryCount, abort))) {
              return false;
            }
          }
          return true;
        }
        default:
          if (!abort.aborted && !(await this.#waitToRetry(answer, abort))) {
            this.#drop(body, entryCount, answer.status === 429 ? "rate_limited" : "ingester_error", answer);
            this.#recover();
            return true;
          }
      }
    }
    return false;
  }

  async #post(body: Uint8Array<ArrayBuffer>, abort: AbortSignal): Promise<PushAnswer> {
    const startMs = performance.now();
    const answer = await this.#client.post(body, abort);
    const seconds = (performance.now() - startMs) / 1000;
    // Promtail has -1 for no answer at all.
    const status = answer.status === 0 ? "-1" : String(answer.status);
    this.#options.metrics.requestDuration.observe(seconds, { status_code: status, host: this.#host });
    return answer;
  }

  #stored(body: Uint8Array, entryCount: number): void {
    const { metrics } = this.#options;
    metrics.sentBytes.add(body.length, { host: this.#host });
    metrics.sentEntries.add(entryCount, { host: this.#host });
    this.#recover();
  }

  #recover(): void {
    if (this.#trouble !== undefined) {
      this.#options.logger.info("pushes are taken again", { url: printableUrl(this.#options.client.url) });
    }
    this.#trouble = undefined;
    this.#isRefused = false;
    this.#backoff.reset();
    this.#slowBackoff.reset();
  }

  #drop(body: Uint8Array, entryCount: number, reason: string, answer: PushAnswer): void {
    const { metrics, logger, client } = this.#options;
    const labels = { host: this.#host, tenant: this.#tenant, reason };
    metrics.droppedBytes.add(body.length, labels);
    metrics.droppedEntries.add(entryCount, labels);
    logger.error("the server did not take entries; they are dropped", {
      url: printableUrl(client.url),
      entries: entryCount,
      reason,
      status: answer.status,
      answer: answer.text.slice(0, loggedTextMax),
    });
  }

  /** @returns false when the config limits retries and they are used up. */
  async #waitToRetry(answer: PushAnswer, abort: AbortSignal): Promise<boolean> {
    const { client, clock, logger, metrics } = this.#options;
    const { max_retries: retriesMax } = client.backoff_config;
    this.#isRefused = answer.verdict === "refused";
    const backoff = this.#isRefused ? this.#slowBackoff : this.#backoff;
    if (retriesMax > 0 && this.#backoff.count + this.#slowBackoff.count >= retriesMax) {
      return false;
    }
    const told = answer.status === 0 ? answer.text : `${answer.status} ${answer.text.slice(0, loggedTextMax)}`.trim();
    const pauseMs = Math.round(backoff.next(answer.retryAfterMs));
    this.#trouble = `${printableUrl(client.url)} does not take pushes: ${told}`;
    logger.warn("push failed; it is tried again", {
      url: printableUrl(client.url),
      status: answer.status,
      answer: answer.text.slice(0, loggedTextMax),
      retryInMs: pauseMs,
    });
    metrics.batchRetries.add(1, { host: this.#host, tenant: this.#tenant });
    await clock.sleep(pauseMs, abort);
    return true;
  }
}

/** Loki stores the good entries of a push and says how many of each stream it ignored; if it says nothing, all. */
function rejectedCount(text: string, entryCount: number): number {
  const ignored = [...text.matchAll(/total ignored: (\d+) out of \d+/gu)].map(([, count]) => Number(count));
  return ignored.length === 0
    ? entryCount
    : Math.min(
        ignored.reduce((sum, count) => sum + count),
        entryCount,
      );
}
