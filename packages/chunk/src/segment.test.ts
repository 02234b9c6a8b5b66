import { crc32 } from "node:zlib";
import { readFileSync } from "node:fs";
import { createKernels } from "@sluice/kernels";
import { batchOf, entriesOf, labelsFromRecord, printLabels, ServiceError, type Entry } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryEntries, sortedOnce } from "../test/arbitrary-entries.ts";
import { blockLength, type BlockEntry } from "./block-columns.ts";
import { decodeBlock, decodeBlockBriefly, decodeBlockHolding } from "./decode-block.ts";
import { encodeBlock } from "./encode-block.ts";
import { readFooter, type SegmentFooter } from "./footer.ts";
import { buildSegment, type BuiltSegment } from "./segment.ts";
import { sortBatch } from "./sort-batch.ts";

const kernels = createKernels();
const startNs = 1_767_571_200_000_000_000n;
const goldenPath = (name: string): URL => new URL(`../testdata/${name}`, import.meta.url);

function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** All that a footer says, as plain values. */
function describe({ tenant, day, streams, blocks, filters }: SegmentFooter): unknown {
  return {
    tenant,
    day,
    streams: Array.from({ length: streams.count }, (_, stream) => printLabels(streams.labelsAt(stream))),
    blocks: [...blocks.entries()],
    filters: Array.from({ length: blocks.length }, (_, block) => [
      filters?.has(block),
      filters?.startOf(block),
      filters?.endOf(block),
    ]),
  };
}

/** The blocks' skip filters; undefined for one that is damaged or not there. */
function readFilters(bytes: Uint8Array): (Uint8Array | undefined)[] {
  const { blocks, filters } = readFooter(bytes, "a segment");
  return Array.from({ length: blocks.length }, (_, block) => {
    const filter = filters && bytes.slice(filters.startOf(block), filters.endOf(block));
    return filter !== undefined && filters?.isWhole(block, filter) === true ? filter : undefined;
  });
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
        const sorted = sortedOnce(entries);
        expect(entriesOf(decodeBlock(entry, bytes, "a block"))).toEqual(sorted);
        expect(entriesOf(decodeBlockBriefly(entry, bytes, [], "a block", kernels)!)).toEqual(sorted);
        expect(entriesOf(decodeBlockBriefly(entry, bytes, [], "a block")!)).toEqual(sorted);
        // A needle of a byte that no line has.
        expect(decodeBlockBriefly(entry, bytes, [Uint8Array.of(0xff)], "a block", kernels)).toBeUndefined();
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
        const footer = readFooter(bytes.subarray(bytes.length - built.footerBytes), "a segment");
        expect(describe(footer)).toEqual(describe(built.footer));
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

/** Its block has its ids in a column of their own. */
function segmentWithIds(): Promise<BuiltSegment> {
  const lines = ["id=6ba7b810-9dad-11d1-80b4-00c04fd430c8", "trace 4bf92f3577b34da6a3ce929d0e0e4736 ok", "no id"];
  const batch = batchOf(lines.map((line, i) => ({ timestampNs: startNs + BigInt(i), line })));
  return buildSegment({
    tenant: "team-a",
    day: 20_458,
    streams: [{ labels: labelsFromRecord({ app: "web" }), batch }],
  });
}

test.for([
  { title: "plain", make: smallSegment },
  { title: "with ids", make: segmentWithIds },
])("every truncation and every flipped bit is an error or the right data: $title", async ({ make }) => {
  const good = joinParts((await make()).parts);
  const wanted = readSegment(good);
  const filters = readFilters(good);
  expect(filters.every((filter) => filter !== undefined && filter.length > 0)).toBe(true);
  const check = (bytes: Uint8Array, how: string): void => {
    try {
      expect(readSegment(bytes), how).toEqual(wanted);
      for (const [block, filter] of readFilters(bytes).entries()) {
        expect([filters[block], undefined], how).toContainEqual(filter);
      }
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
    { ...good, rawBytes: 2 ** 40 },
  ]) {
    expect(() => decodeBlock(entry, bytes, "block 1")).toThrow(/block 1 is damaged/u);
  }
  const { parts, footer } = await segmentWithIds();
  const packed = footer.blocks.entryAt(0);
  const stored = joinParts(parts).subarray(packed.offset, packed.offset + blockLength(packed));
  for (const read of [
    decodeBlock,
    (...[entry, of, what]: Parameters<typeof decodeBlock>) =>
      decodeBlockHolding(entry, of, [new TextEncoder().encode("x")], what),
  ]) {
    expect(() => read({ ...packed, rawBytes: 2 ** 31 }, stored, "block 1")).toThrow(
      "block 1 is damaged: it claims 2147483648 bytes of lines",
    );
  }
});

test.for([1, 2])("segments written by version %i read the same for ever", async (version) => {
  const path = goldenPath(`segment-v${version}.seg`);
  const golden = new Uint8Array(readFileSync(path));
  const now = joinParts((await smallSegment()).parts);
  expect(readSegment(golden)).toEqual(readSegment(now));
  expect(readFooter(golden, "golden")).toMatchObject({ tenant: "team-a", day: 20_458, hasUnknownFilters: false });
  expect(readFilters(golden)).toEqual(version === 1 ? [undefined, undefined] : readFilters(now));
});

test("a segment whose ids were taken out of the lines reads the same for ever", async () => {
  const golden = new Uint8Array(readFileSync(goldenPath("segment-v2-ids.seg")));
  const { footer, parts } = await segmentWithIds();
  expect(footer.blocks.entryAt(0)).toMatchObject({ encoding: 1, columns: { ids: { rawBytes: 32 } } });
  expect(readSegment(golden)).toEqual(readSegment(joinParts(parts)));
  expect(readFilters(golden)).toEqual(readFilters(joinParts(parts)));
});

test.for([
  { title: "version 1", make: async () => new Uint8Array(readFileSync(goldenPath("segment-v1.seg"))) },
  { title: "version 2", make: async () => joinParts((await smallSegment()).parts) },
  { title: "with ids", make: async () => joinParts((await segmentWithIds()).parts) },
])(
  "a footer that is wrong in any bit, though its checksum is right, is refused or can be used: $title",
  async ({ make }) => {
    const bytes = await make();
    const contentBits = new DataView(bytes.buffer).getUint32(bytes.length - 16, true) * 8;
    for (let bit = 0; bit < contentBits; bit++) {
      const changed = withFooter(bytes, (content) => content.with(bit >> 3, content[bit >> 3]! ^ (1 << (bit & 7))));
      try {
        describe(readFooter(changed, "a segment"));
        readFilters(changed);
        readSegment(changed);
      } catch (error) {
        expect(error, `bit ${bit}`).toMatchObject({ name: "ServiceError", code: "corrupt" });
      }
    }
  },
);

test("a stream of version 1 with a label twice is damage, not a bug of the reader", () => {
  const bytes = new Uint8Array(readFileSync(goldenPath("segment-v1.seg")));
  const twice = withFooter(bytes, (content) => {
    const name = Buffer.from(content).indexOf("pod");
    const app = new TextEncoder().encode("app");
    return content.map((byte, i) => app[i - name] ?? byte);
  });
  expect(() => readFooter(twice, "segment 1")).toThrow(
    /segment 1 is damaged at byte \d+: a stream's labels do not ascend/u,
  );
});

test("filters of a version to come are not understood, and no damage", async () => {
  const { parts, footer } = await smallSegment();
  const bytes = joinParts(parts);
  const later = withFooter(bytes, (content) => {
    // The section's id and length, the version, the offset of the region.
    const section = Buffer.from(content).lastIndexOf(Uint8Array.of(1, (footer.filters!.offset & 0x7f) | 0x80));
    expect(section).toBeGreaterThan(0);
    return content.with(section, 9);
  });
  const read = readFooter(later, "a segment");
  expect(read.filters).toBeUndefined();
  expect(read.hasUnknownFilters).toBe(true);
  expect(readSegment(later)).toEqual(readSegment(bytes));
});

test("a lone surrogate in a label is what UTF-8 makes of it, so that the segment can be read", async () => {
  const batch = batchOf([{ timestampNs: startNs, line: "x" }]);
  const streams = ["\ud800", "\udfff", "\ufffd"].map((app) => ({ labels: labelsFromRecord({ app }), batch }));
  const { parts } = await buildSegment({ tenant: "t", day: 20_458, streams });
  expect(new Set(readSegment(joinParts(parts)).map(({ stream }) => stream))).toEqual(new Set(['{app="\ufffd"}']));
});

/** The segment with another footer under a checksum that is right. */
function withFooter(bytes: Uint8Array, change: (content: Uint8Array) => Uint8Array): Uint8Array {
  const trailerBytes = 16;
  const view = new DataView(bytes.buffer, bytes.length - trailerBytes);
  const content = change(bytes.slice(bytes.length - trailerBytes - view.getUint32(0, true), -trailerBytes));
  const changed = bytes.slice();
  changed.set(content, bytes.length - trailerBytes - content.length);
  new DataView(changed.buffer, changed.length - trailerBytes).setUint32(4, crc32(content), true);
  return changed;
}
