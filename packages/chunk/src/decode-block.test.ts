import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { batchOf, labelsFromRecord, type EntryBatch } from "@sluice/model";
import { expect, test } from "vitest";
import { decodeBlock } from "./decode-block.ts";
import { encodeBlock } from "./encode-block.ts";
import { sortBatch } from "./sort-batch.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

test("a decoded block holds on to nothing of the read that its bytes came with", async () => {
  const metadata = labelsFromRecord({ trace: "t" });
  const entries = Array.from({ length: 100 }, (_, i) => ({ timestampNs: BigInt(i), line: `line ${i}`, metadata }));
  const { bytes, filter: _, ...encoded } = encodeBlock(sortBatch(batchOf(entries)));
  const decodeFromRead = (): { batch: EntryBatch; read: WeakRef<ArrayBuffer> } => {
    const read = new Uint8Array(1_000_000);
    read.set(bytes);
    const batch = decodeBlock({ ...encoded, stream: 0, offset: 0 }, read.subarray(0, bytes.length), "a block");
    return { batch, read: new WeakRef(read.buffer) };
  };
  const { batch, read } = decodeFromRead();
  await setImmediate();
  collectGarbage();
  expect(read.deref()).toBeUndefined();
  // What is read only now is still there.
  expect(batch.deltaNs[99]).toBe(99);
  expect(batch.metadata?.sets).toContainEqual(metadata);
});
