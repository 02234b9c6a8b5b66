import { fileURLToPath } from "node:url";
import { createFinder, createKernels, plainKernels } from "@sluice/kernels";
import { batchOf, labelsFromRecord, type EntryBatch, type Labels } from "@sluice/model";
import { logLine, seededRng } from "@sluice/testkit";
import { runBench } from "@sluice/testkit/bench";
import {
  blockLength,
  buildSegment,
  decodeBlock,
  encodeBlock,
  Head,
  inlineBlockEncoder,
  type BlockEntry,
} from "../src/index.ts";

/** 32 MiB of lines over 20 streams, in pushes of 100 lines, as they come. */
const rawBytesWanted = 32 * 1024 * 1024;
const streamCount = 20;
const needle = new TextEncoder().encode("d41d8cd9-8f00-b204-e980-0998ecf8427e");
const find = createFinder(needle);
const kernels = createKernels();

interface Push {
  readonly labels: Labels;
  readonly batch: EntryBatch;
}

function makePushes(): { pushes: Push[]; bytes: number; lines: number } {
  const rng = seededRng(42);
  const pushes: Push[] = [];
  const startMs = Date.UTC(2026, 0, 5);
  let bytes = 0;
  let lines = 0;
  for (let i = 0; bytes < rawBytesWanted; i++) {
    const entries = Array.from({ length: 100 }, (_, j) => {
      const line = logLine(rng, startMs + i * 20 + j);
      bytes += Buffer.byteLength(line);
      return { timestampNs: BigInt(startMs + i * 20 + j) * 1_000_000n + BigInt(Math.floor(rng.next() * 1e6)), line };
    });
    lines += entries.length;
    pushes.push({
      labels: labelsFromRecord({ app: `app-${i % 5}`, pod: `pod-${i % streamCount}` }),
      batch: batchOf(entries),
    });
  }
  return { pushes, bytes, lines };
}

const { pushes, bytes, lines } = makePushes();

function fill(): Head {
  const head = new Head();
  for (const { labels, batch } of pushes) {
    head.append(labels, batch);
  }
  return head;
}

const batches = [...fill().streams()].map(({ batch }) => batch);
const encoded = batches.map((batch) => {
  const { bytes: stored, filter, ...entry } = encodeBlock(batch, kernels);
  return { bytes: stored, filter: filter!, entry: { ...entry, stream: 0, offset: 0 } satisfies BlockEntry };
});
const withoutFilters = { ...kernels, buildTokenFilter: () => new Uint8Array() };
const segment = await buildSegment(
  { tenant: "t", day: 20_458, streams: fill().streams() },
  inlineBlockEncoder(kernels),
);
const storedBytes = encoded.reduce((sum, { entry }) => sum + blockLength(entry), 0);

function scan(look: (batch: EntryBatch) => number, own = kernels): number {
  return encoded.reduce((sum, block) => sum + look(decodeBlock(block.entry, block.bytes, "block", own)), 0);
}

const directory = fileURLToPath(new URL("..", import.meta.url));
await runBench("chunk", directory, [
  { name: "head append", bytes, lines, run: fill },
  {
    name: "block encode without filter",
    bytes,
    lines,
    run: () => batches.map((batch) => encodeBlock(batch, withoutFilters).bytes.length),
  },
  {
    name: "block encode (zstd 1, filter)",
    bytes,
    lines,
    run: () => batches.map((batch) => encodeBlock(batch, kernels).bytes.length),
  },
  { name: "block decode", bytes, lines, run: () => scan((batch) => batch.count) },
  { name: "block decode, plain kernels", bytes, lines, run: () => scan((batch) => batch.count, plainKernels) },
  {
    name: "block scan: decode, search an absent id",
    bytes,
    lines,
    run: () => scan((batch) => kernels.linesWith(batch.bytes, needle, 0, batch.bytes.length).length),
  },
  {
    name: "search an absent id in decoded blocks",
    bytes,
    lines,
    run: () => batches.map((batch) => kernels.linesWith(batch.bytes, needle, 0, batch.bytes.length)),
  },
  {
    name: "search an absent id in decoded blocks, plain finder",
    bytes,
    lines,
    run: () => batches.map((batch) => find(batch.bytes, 0, batch.bytes.length)),
  },
]);
const percent = (part: number): string => `${((part / bytes) * 100).toFixed(1)} %`;
const filterBytes = encoded.reduce((sum, { filter }) => sum + filter.length, 0);
console.log(
  `${batches.length} blocks, stored ${percent(segment.sizeBytes)} of raw: columns ${percent(storedBytes)}, ` +
    `skip filters ${percent(filterBytes)}, footer ${percent(segment.footerBytes)}`,
);
