import { Worker } from "node:worker_threads";
import { messageOf, ServiceError, type EntryBatch } from "@sluice/model";
import type { EncodedBlock } from "../encode-block.ts";
import type { BlockEncoder } from "../block-encoder.ts";
import { readAnswer, slotBytes, writeSlot, type EncodeAnswer, type EncodeRequest } from "./slot.ts";

export interface ThreadedBlockEncoder extends BlockEncoder, AsyncDisposable {}

/** Beside this module, in the source as in a build. */
const threadUrl = new URL(`./encode-thread${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`, import.meta.url);
/** One block is encoded while the next is copied in. */
const slotsPerThread = 2;
/** Of a block with short lines; a larger one gets a slot of its own for once. */
const slotBytesUsual = 512 * 1024;

interface Job {
  readonly slot: SharedArrayBuffer;
  readonly resolve: (block: EncodedBlock) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Encodes on threads of its own, so that pushes and queries go on meanwhile. Blocks are copied into shared memory that
 * is used again and again. A thread that fails fails the blocks that it had; a new one takes its place.
 */
export function openThreadedBlockEncoder(threadCount: number): ThreadedBlockEncoder {
  const threads = Array.from({ length: threadCount }, () => new EncodeThread());
  return {
    concurrency: threadCount * slotsPerThread,
    encode(batch) {
      const idlest = threads.reduce((best, thread) => (thread.waiting < best.waiting ? thread : best));
      return idlest.encode(batch);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

class EncodeThread {
  /** In the order in which the thread answers. */
  #jobs: Job[] = [];
  readonly #slots: SharedArrayBuffer[] = [];
  #worker: Worker | undefined;
  #isClosed = false;

  get waiting(): number {
    return this.#jobs.length;
  }

  encode(batch: EntryBatch): Promise<EncodedBlock> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        throw closed();
      }
      const worker = this.#running();
      const slot = this.#takeSlot(slotBytes(batch));
      const request: EncodeRequest = { slot, ...writeSlot(slot, batch) };
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
      worker.postMessage(request);
      // Only what was asked has an answer: they are told apart by their order.
      this.#jobs.push({ slot, resolve, reject });
      worker.ref();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker?.terminate();
    this.#fail(closed());
  }

  /** Started with the first block: a server that only reads needs none. */
  #running(): Worker {
    if (this.#worker === undefined) {
      const worker = new Worker(threadUrl, { resourceLimits: { maxYoungGenerationSizeMb: 8 } });
      this.#worker = worker;
      worker.on("message", (answer: EncodeAnswer) => {
        if (this.#worker === worker) {
          this.#answer(worker, answer);
        }
      });
      worker.on("error", (error) => {
        this.#worker = undefined;
        this.#fail(new ServiceError("unavailable", `cannot encode a block: ${messageOf(error)}`, { cause: error }));
      });
      // After an error it is another one's turn already.
      worker.on("exit", (code) => {
        if (this.#worker === worker && !this.#isClosed) {
          this.#worker = undefined;
          this.#fail(new ServiceError("unavailable", `a thread that encodes blocks ended with code ${code}`));
        }
      });
    }
    return this.#worker;
  }

  #answer(worker: Worker, answer: EncodeAnswer): void {
    const { slot, resolve } = this.#jobs.shift()!;
    const block = readAnswer(slot, answer);
    this.#giveSlot(slot);
    if (this.#jobs.length === 0) {
      // Only a block that is under way keeps the process alive.
      worker.unref();
    }
    resolve(block);
  }

  #fail(error: Error): void {
    const failed = this.#jobs;
    this.#jobs = [];
    for (const { slot, reject } of failed) {
      this.#giveSlot(slot);
      reject(error);
    }
  }

  #takeSlot(bytes: number): SharedArrayBuffer {
    const kept = bytes <= slotBytesUsual ? this.#slots.pop() : undefined;
    return kept ?? new SharedArrayBuffer(Math.max(bytes, slotBytesUsual));
  }

  #giveSlot(slot: SharedArrayBuffer): void {
    if (slot.byteLength === slotBytesUsual && this.#slots.length < slotsPerThread) {
      this.#slots.push(slot);
    }
  }
}

function closed(): ServiceError {
  return new ServiceError("unavailable", "the threads that encode blocks are closed");
}
