import { setTimeout as sleep } from "node:timers/promises";
import { batchOf, entriesOf, labelsFromRecord, type EntryBatch } from "@sluice/model";
import { expect, test } from "vitest";
import { inlineBlockEncoder, type BlockEncoder } from "./block-encoder.ts";
import { decodeBlock } from "./decode-block.ts";
import { buildSegment } from "./segment.ts";

const dayNs = 1_767_571_200_000_000_000n;

function streamsOf(count: number): { labels: ReturnType<typeof labelsFromRecord>; batch: EntryBatch }[] {
  return Array.from({ length: count }, (_, i) => ({
    labels: labelsFromRecord({ app: `app-${i % 3}` }),
    batch: batchOf([{ timestampNs: dayNs + BigInt(i), line: `line ${i}` }]),
  }));
}

/** Takes the longer the earlier it is asked. */
function slowEncoder(concurrency: number): BlockEncoder & { readonly underWayMax: () => number } {
  const inner = inlineBlockEncoder();
  let asked = 0;
  let underWay = 0;
  let most = 0;
  return {
    concurrency,
    underWayMax: () => most,
    async encode(batch) {
      underWay += 1;
      most = Math.max(most, underWay);
      await sleep(Math.max(20 - 2 * asked++, 0));
      underWay -= 1;
      return inner.encode(batch);
    },
  };
}

test.for([1, 4])("with %i calls under way blocks come in their order, the segment is the same", async (concurrency) => {
  const content = { tenant: "t", day: 20_458, streams: streamsOf(12) };
  const encoder = slowEncoder(concurrency);
  const built = await buildSegment(content, encoder);
  expect(encoder.underWayMax()).toBe(concurrency);
  expect(Buffer.concat(built.parts)).toEqual(Buffer.concat((await buildSegment(content)).parts));
});

test("an encoder that fails fails the segment, and nothing is left unhandled", async () => {
  const inner = inlineBlockEncoder();
  let asked = 0;
  const failing: BlockEncoder = {
    concurrency: 3,
    async encode(batch) {
      asked += 1;
      if (asked >= 2) {
        throw new Error(`thread ${asked} is gone`);
      }
      await sleep(5);
      return inner.encode(batch);
    },
  };
  await expect(buildSegment({ tenant: "t", day: 20_458, streams: streamsOf(9) }, failing)).rejects.toThrow(
    "thread 2 is gone",
  );
});

test("an encoded block is plain data with bytes of its own, which another thread can send", async () => {
  const batch = batchOf([{ timestampNs: dayNs, line: "a line", metadata: labelsFromRecord({ user: "eve" }) }]);
  const encoded = await inlineBlockEncoder().encode(batch);
  const transfer = [encoded.bytes.buffer, encoded.filter!.buffer] as ArrayBuffer[];
  const { bytes, filter, ...entry } = structuredClone(encoded, { transfer });
  expect(encoded.bytes.length).toBe(0);
  expect(filter!.length).toBe(32);
  expect(entriesOf(decodeBlock({ ...entry, stream: 0, offset: 0 }, bytes, "a block"))).toEqual(entriesOf(batch));
});
