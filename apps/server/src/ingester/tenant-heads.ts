import { Head } from "@sluice/chunk";
import type { AcceptedStream } from "../distributor/validate.ts";

/**
 * The lines of all tenants that are in memory only: one open head per tenant, and the heads that a flush is writing.
 * Both are queryable; a flush moves them from one to the other and, once a segment holds them, away.
 */
export class TenantHeads {
  #open = new Map<string, Head>();
  #flushing = new Map<string, Head>();
  #openSinceMs = 0;

  append(tenant: string, streams: readonly AcceptedStream[], nowMs: number): void {
    if (this.#open.size === 0) {
      this.#openSinceMs = nowMs;
    }
    let head = this.#open.get(tenant);
    if (head === undefined) {
      head = new Head();
      this.#open.set(tenant, head);
    }
    for (const { labels, batch } of streams) {
      head.append(labels, batch);
    }
  }

  /** The heads of one tenant, oldest lines first. */
  of(tenant: string): readonly Head[] {
    return [this.#flushing.get(tenant), this.#open.get(tenant)].filter((head) => head !== undefined);
  }

  get isEmpty(): boolean {
    return this.#open.size === 0 && this.#flushing.size === 0;
  }

  get openBytes(): number {
    return sizeOf(this.#open);
  }

  get totalBytes(): number {
    return sizeOf(this.#open) + sizeOf(this.#flushing);
  }

  /** How long the oldest open line has been in memory, 0 when there is none. */
  openAgeMs(nowMs: number): number {
    return this.#open.size === 0 ? 0 : nowMs - this.#openSinceMs;
  }

  /** What a flush is to write: what is left from one that failed, else all that is open now. */
  beginFlush(): ReadonlyMap<string, Head> {
    if (this.#flushing.size === 0) {
      this.#flushing = this.#open;
      this.#open = new Map();
    }
    return this.#flushing;
  }

  /** Whether a flush failed and its lines still wait. */
  get flushIsPending(): boolean {
    return this.#flushing.size > 0;
  }

  /** The segments hold the flushed lines; forget them here. */
  endFlush(): void {
    this.#flushing = new Map();
  }
}

function sizeOf(heads: ReadonlyMap<string, Head>): number {
  let bytes = 0;
  for (const head of heads.values()) {
    bytes += head.sizeBytes;
  }
  return bytes;
}
