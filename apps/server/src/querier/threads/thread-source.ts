import { setImmediate } from "node:timers/promises";
import { slotBytes, writeSlot, type HeadBlockRef } from "@sluice/chunk";
import { ServiceError, type EntryBatch, type Matcher } from "@sluice/model";
import type { ObjectStore } from "@sluice/object-store";
import type { StoreSnapshot, TenantRange } from "@sluice/store";
import type { PartParams } from "../part-runner.ts";
import { ObjectSender } from "./known-objects.ts";
import type {
  BytesQuestion,
  HeadColumns,
  HeadPart,
  HeadsQuestion,
  KnownObjects,
  PartQuestion,
  Question,
  SentSnapshot,
  SnapshotQuestion,
} from "./messages.ts";

/** What the main thread has, and query threads ask for. */
export interface QuerySource {
  /** What a store would answer from now. */
  readonly snapshot: (range: TenantRange) => StoreSnapshot;
  /** The blocks in memory, oldest lines first; changes that come later are not in them. */
  readonly headBlocks: (range: TenantRange, matchers: readonly Matcher[]) => readonly HeadBlockRef[];
  readonly objectStore: Pick<ObjectStore, "get">;
}

/** Runs a part of a query on the thread of its slot; gives what `runPart` gave there. */
export type RunPart = (slot: number, params: PartParams, signal: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>;

/** Hands a part of an answer over, or what is to be known before it. */
export interface Reply {
  part(value: unknown, isLast: boolean, transferred?: readonly ArrayBuffer[]): void;
  known(objects: Partial<KnownObjects>): void;
}

/** Others get their turn after so many objects, a few milliseconds of copying, ... */
const objectsPerTurn = 500;
/** ... and after so many bytes of lines. */
const bytesPerTurn = 1024 * 1024;

interface SourceJob {
  /** By snapshot: blocks in memory that the query may still ask for. */
  readonly heads: Map<number, readonly HeadBlockRef[]>;
  readonly signal: AbortSignal;
}

/** Answers the questions of one thread, and remembers what it was told. Nothing here keeps the main thread for long. */
export class ThreadSource {
  readonly #source: QuerySource;
  readonly #runPart: RunPart;
  readonly #segments = new ObjectSender<StoreSnapshot["segments"][number]>();
  readonly #labels = new ObjectSender<HeadBlockRef["labels"]>();
  readonly #jobs = new Map<number, SourceJob>();
  #snapshots = 0;

  constructor(source: QuerySource, runPart: RunPart) {
    this.#source = source;
    this.#runPart = runPart;
  }

  begin(job: number, signal: AbortSignal): void {
    this.#jobs.set(job, { heads: new Map(), signal });
  }

  end(job: number): void {
    this.#jobs.delete(job);
  }

  async answer(job: number, question: Question, reply: Reply): Promise<void> {
    switch (question.type) {
      case "snapshot":
        return this.#sendSnapshot(job, question, reply);
      case "heads":
        return this.#sendHeads(job, question, reply);
      case "bytes":
        return this.#sendBytes(question, reply);
      case "part":
        return this.#sendPart(job, question, reply);
    }
  }

  async #sendSnapshot(
    job: number,
    { tenant, startNs, endNs, matchers }: SnapshotQuestion,
    reply: Reply,
  ): Promise<void> {
    const range = { tenant, startNs, endNs };
    // Both in this tick: a flush that ends meanwhile must not hide lines or show them twice.
    const { segments, ...stored } = this.#source.snapshot(range);
    const heads = this.#source.headBlocks(range, matchers);
    const labels = heads.map((block) => block.labels);
    this.#snapshots += 1;
    const id = this.#snapshots;
    this.#jobs.get(job)?.heads.set(id, heads);
    await inTurns(this.#segments.unknownOf(segments), (some) => reply.known({ segments: this.#segments.send(some) }));
    await inTurns(this.#labels.unknownOf(labels), (some) => reply.known({ labels: this.#labels.send(some) }));
    const snapshot: SentSnapshot = {
      ...stored,
      id,
      segments: this.#segments.send(segments),
      labels: this.#labels.send(labels),
      heads: columnsOf(heads),
    };
    reply.part(snapshot, true);
  }

  async #sendHeads(job: number, { snapshot, blocks }: HeadsQuestion, reply: Reply): Promise<void> {
    const heads = this.#jobs.get(job)?.heads.get(snapshot);
    if (heads === undefined) {
      throw cancelled();
    }
    let sent = 0;
    for (const block of blocks) {
      const { mayRepeat } = heads[block]!;
      for (const batch of heads[block]!.parts()) {
        const part = { block, isWhole: mayRepeat !== true, ...copyOf(batch) };
        sent += part.slot.byteLength;
        reply.part(part, false, [part.slot]);
        if (sent >= bytesPerTurn) {
          sent = 0;
          await setImmediate();
        }
      }
    }
    reply.part(undefined, true);
  }

  async #sendPart(job: number, { slot, params }: PartQuestion, reply: Reply): Promise<void> {
    const running = this.#jobs.get(job);
    if (running === undefined) {
      throw cancelled();
    }
    const bytes = await this.#runPart(slot, params, running.signal);
    reply.part(bytes, true, [bytes.buffer]);
  }

  async #sendBytes({ key, range }: BytesQuestion, reply: Reply): Promise<void> {
    const bytes = await this.#source.objectStore.get(key, range);
    const { buffer, byteOffset, byteLength } = bytes;
    const isWhole = byteOffset === 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer;
    const own = isWhole ? bytes : bytes.slice();
    reply.part(own, true, [own.buffer as ArrayBuffer]);
  }
}

function cancelled(): ServiceError {
  return new ServiceError("cancelled", "the query was cancelled");
}

/** What is new, but for the last part of it, which goes with the answer. */
async function inTurns<Item>(items: readonly Item[], send: (some: readonly Item[]) => void): Promise<void> {
  for (let from = 0; from + objectsPerTurn < items.length; from += objectsPerTurn) {
    send(items.slice(from, from + objectsPerTurn));
    await setImmediate();
  }
}

function columnsOf(blocks: readonly HeadBlockRef[]): HeadColumns {
  return {
    minNs: BigInt64Array.from(blocks, ({ minNs }) => minNs),
    maxNs: BigInt64Array.from(blocks, ({ maxNs }) => maxNs),
    counts: Float64Array.from(blocks, ({ count }) => count),
    rawBytes: Float64Array.from(blocks, ({ rawBytes }) => rawBytes),
    mayRepeat: Uint8Array.from(blocks, ({ mayRepeat }) => (mayRepeat === true ? 1 : 0)),
  };
}

/** Memory of its own: what lies in a head is a view of more. */
function copyOf(batch: EntryBatch): Pick<HeadPart, "slot" | "shape"> {
  const slot = new ArrayBuffer(slotBytes(batch));
  const { metadata, ...shape } = writeSlot(slot, batch);
  const own = metadata && { sets: metadata.sets, index: metadata.index.slice() };
  return { slot, shape: { ...shape, metadata: own } };
}
