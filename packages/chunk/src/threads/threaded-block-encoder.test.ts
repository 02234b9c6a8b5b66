import { batchOf, labelsFromRecord, type EntryBatch } from "@sluice/model";
import { expect, test } from "vitest";
import { encodeBlock } from "../encode-block.ts";
import { openThreadedBlockEncoder } from "./threaded-block-encoder.ts";

function batch(lines: readonly string[], hasMetadata: boolean): EntryBatch {
  return batchOf(
    lines.map((line, i) => ({
      timestampNs: 1_767_571_200_000_000_000n + BigInt(i) * 1000n,
      line,
      ...(hasMetadata ? { metadata: labelsFromRecord({ trace_id: `${i % 3}` }) } : {}),
    })),
  );
}

const batches = Array.from({ length: 20 }, (_, i) =>
  batch(
    Array.from({ length: 1 + i * 40 }, (__, j) => `level=info msg="request ${i * j}" ${i % 4 === 0 ? "a\nb" : ""}`),
    i % 3 === 0,
  ),
);

test("threads make the same blocks as the caller would", async () => {
  await using encoder = openThreadedBlockEncoder(2);
  const large = batch(["x".repeat(3_000_000), "y"], false);
  const all = [...batches, large];
  const encoded = await Promise.all(all.map((one) => encoder.encode(one)));
  for (const [i, block] of encoded.entries()) {
    expect(block).toEqual(encodeBlock(all[i]!));
  }
});

test("a block that cannot be encoded is told, and the next one works", async () => {
  await using encoder = openThreadedBlockEncoder(1);
  const backwards = { ...batches[3]!, deltaNs: batches[3]!.deltaNs.toReversed() };
  await expect(encoder.encode(backwards)).rejects.toThrow("cannot encode a block");
  expect(await encoder.encode(batches[1]!)).toEqual(encodeBlock(batches[1]!));
});

test("after it is closed, blocks are refused instead of waiting for ever", async () => {
  const encoder = openThreadedBlockEncoder(1);
  await encoder.encode(batches[1]!);
  await encoder[Symbol.asyncDispose]();
  await expect(encoder.encode(batches[1]!)).rejects.toThrow("the threads that encode blocks are closed");
});

test("a batch that cannot be handed over does not shift the answers of others", async () => {
  await using encoder = openThreadedBlockEncoder(1);
  const first = encoder.encode(batches[2]!);
  const sets = [[], [{ name: "a", value: (() => "no data") as unknown as string }]];
  const refused = encoder.encode({ ...batches[1]!, metadata: { sets, index: new Uint32Array(41) } });
  const last = encoder.encode(batches[3]!);
  await expect(refused).rejects.toThrow("could not be cloned");
  expect(await first).toEqual(encodeBlock(batches[2]!));
  expect(await last).toEqual(encodeBlock(batches[3]!));
});
