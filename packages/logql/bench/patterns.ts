import { labelsFromRecord } from "@sluice/model";
import { logLine, seededRng } from "@sluice/testkit";
import { runBench } from "@sluice/testkit/bench";
import { minePatterns } from "../src/index.ts";
import { memoryQuerier } from "../test/memory-querier.ts";

const lineCount = 100_000;
const rng = seededRng(1);
const entries = Array.from({ length: lineCount }, (_, i) => ({
  timestampNs: BigInt(i) * 10_000_000n,
  line: logLine(rng, i * 10),
}));
const memory = memoryQuerier([{ labels: labelsFromRecord({ app: "a" }), entries }], 1000);
const endNs = BigInt(lineCount) * 10_000_000n;
const blocks = await memory.select({ tenant: "t", matchers: [], startNs: 0n, endNs });
const bytes = blocks.reduce((sum, { rawBytes }) => sum + rawBytes, 0);
// The batches are made once: what is measured is the search for patterns in memory.
const loaded = await Promise.all(blocks.map((block) => block.load()));
const querier = {
  ...memory,
  select: async () => blocks.map((block, i) => ({ ...block, load: async () => loaded[i]! })),
};

await runBench("patterns", new URL("..", import.meta.url).pathname, [
  {
    name: "patterns of JSON, logfmt and access logs",
    bytes,
    lines: lineCount,
    run: () =>
      minePatterns(
        { querier, tenant: "t", matchers: [], startNs: 0n, endNs, stepMs: 10_000, linesMax: 1e9, bytesMax: 1e12 },
        new AbortController().signal,
      ),
  },
]);
