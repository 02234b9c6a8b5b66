import { setImmediate } from "node:timers/promises";
import type { EntryBatch } from "@sluice/model";
import type { EncodeKernels } from "./block-columns.ts";
import { encodeBlock, type EncodedBlock } from "./encode-block.ts";

/** Encodes blocks, here or on other threads. */
export interface BlockEncoder {
  /** How many calls are worth to be under way at once. */
  readonly concurrency: number;
  /** @param batch joined and ascending, at least one entry; its bytes stay the caller's and do not change. */
  encode(batch: EntryBatch): Promise<EncodedBlock>;
}

/** A turn for everything else comes after this many bytes of lines: encoding them takes about 5 ms. */
const bytesPerTurn = 1024 * 1024;

/** Encodes on the calling thread, with its kernels. */
export function inlineBlockEncoder(kernels?: EncodeKernels): BlockEncoder {
  let sinceTurn = 0;
  return {
    concurrency: 1,
    async encode(batch) {
      sinceTurn += batch.bytes.length;
      if (sinceTurn >= bytesPerTurn) {
        sinceTurn = 0;
        await setImmediate();
      }
      return encodeBlock(batch, kernels);
    },
  };
}
