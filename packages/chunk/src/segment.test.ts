import { readFileSync } from "node:fs";
import { batchOf, entriesOf, labelsFromRecord, printLabels, ServiceError, type Entry } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryEntries, sortedOnce } from "../test/arbitrary-entries.ts";
import { blockLength, decodeBlock, encodeBlock, type BlockEntry } from "./block.ts";
import { readFooter } from "./footer.ts";
import { buildSegment, type BuiltSegment } from "./segment.ts";
import { sortBatch } from "./sort-batch.ts";

const startNs = 1_767_571_200_000_000_000n;

function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function readSegment(bytes: Uint8Array): { stream: string; entries: Entry[] }[] {
  const footer = readFooter(bytes, "a segment");
  return Array.from(footer.blocks.entries(), (block) => ({
    stream: printLabels(footer.streams.labelsAt(block.stream)),
    entries: entriesOf(decodeBlock(block, bytes.subarray(block.offset, block.offset + blockLength(block)), "a block")),
  }));
}

test("entries come back from a block as they went in", () => {
  fc.assert(
    fc.property(
      arbitraryEntries.filter((entries) => entries.length > 0),
      (entries) => {
        const { bytes, filter: _, ...encoded } = encodeBlock(sortBatch(batchOf(entries)));
        const entry: BlockEntry = { ...encoded, stream: 0, offset: 0 };
        expect(entriesOf(decodeBlock(entry, bytes, "a block"))).toEqual(sortedOnce(entries));
      },
    ),
  );
});

test("a segment gives back its streams, sorted by their labels", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.tuple(
          fc.constantFrom("a", "b", "ä"),
          arbitraryEntries.filter((entries) => entries.length > 0),
        ),
        { maxLength: 6 },
      ),
      async (drawn) => {
        const streams = drawn.map(([app, entries]) => ({
          labels: labelsFromRecord({ app }),
          batch: sortBatch(batchOf(entries)),
        }));
        const built = await buildSegment({ tenant: "fake", day: 20_458, streams });
        const bytes = joinParts(built.parts);
        expect(bytes.length).toBe(built.sizeBytes);
        expect(readFooter(bytes.subarray(bytes.length - built.footerBytes), "a segment")).toEqual(built.footer);
        const wanted = drawn
          .map(([app, entries]) => ({ stream: `{app="${app}"}`, entries: sortedOnce(entries) }))
          .sort((x, y) => (x.stream < y.stream ? -1 : x.stream > y.stream ? 1 : 0));
        expect(readSegment(bytes)).toEqual(wanted);
      },
    ),
  );
});

function smallSegment(): Promise<BuiltSegment> {
  const trace = labelsFromRecord({ trace_id: "4bf92f35" });
  return buildSegment({
    tenant: "team-a",
    day: 20_458,
    streams: [
      {
        labels: labelsFromRecord({ app: "web", pod: "web-0" }),
        batch: batchOf([
          { timestampNs: startNs, line: "GET /cart 200" },
          { timestampNs: startNs + 1n, line: "Traceback:\n  boom", metadata: trace },
          { timestampNs: startNs + 1_000_000_000n, line: "" },
        ]),
      },
      {
        labels: labelsFromRecord({ app: "db" }),
        batch: batchOf([{ timestampNs: startNs + 5n, line: "slow query ünïcode" }]),
      },
    ],
  });
}

test("every truncation and every flipped bit is an error or the right data", async () => {
  const good = joinParts((await smallSegment()).parts);
  const wanted = readSegment(good);
  const check = (bytes: Uint8Array, how: string): void => {
    try {
      expect(readSegment(bytes), how).toEqual(wanted);
    } catch (error) {
      expect(error, how).toBeInstanceOf(ServiceError);
      expect((error as ServiceError).code, how).toBe("corrupt");
    }
  };
  for (let length = 0; length < good.length; length++) {
    check(good.subarray(0, length), `cut at ${length}`);
  }
  for (let bit = 0; bit < good.length * 8; bit++) {
    const bad = good.slice();
    bad[bit >> 3]! ^= 1 << (bit & 7);
    check(bad, `bit ${bit}`);
  }
});

test("a damaged footer that passes its checksum still cannot make a reader allocate or read out of bounds", async () => {
  const good = (await smallSegment()).footer.blocks.entryAt(0);
  const { body } = good.columns;
  const bytes = new Uint8Array(blockLength(good));
  for (const entry of [
    { ...good, columns: { ...good.columns, body: { ...body, rawBytes: 2 ** 40 } } },
    { ...good, columns: { ...good.columns, body: { ...body, storedBytes: 2 ** 40 } } },
    { ...good, encoding: 9 },
  ]) {
    expect(() => decodeBlock(entry, bytes, "block 1")).toThrow(/block 1 is damaged/u);
  }
});

test("segments written by the first version read the same for ever", async () => {
  const path = new URL("../testdata/segment-v1.seg", import.meta.url);
  expect(readSegment(new Uint8Array(readFileSync(path)))).toEqual(readSegment(joinParts((await smallSegment()).parts)));
  expect(readFooter(new Uint8Array(readFileSync(path)), "golden")).toMatchObject({ tenant: "team-a", day: 20_458 });
});
