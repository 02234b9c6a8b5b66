import { createKernels } from "@sluice/kernels";
import { labelsFromRecord } from "@sluice/model";
import { logLine, seededRng } from "@sluice/testkit";
import { runBench } from "@sluice/testkit/bench";
import { runRangeQuery } from "../src/index.ts";
import { memoryQuerier } from "../test/memory-querier.ts";

const lineCount = 60_000;
const rng = seededRng(1);
const entries = Array.from({ length: lineCount }, (_, i) => ({
  timestampNs: BigInt(i) * 1_000_000n,
  line: logLine(rng, i),
}));
const querier = memoryQuerier([{ labels: labelsFromRecord({ app: "a" }), entries }], 1000);
const endNs = BigInt(lineCount) * 1_000_000n;
const blocks = await querier.select({ tenant: "t", matchers: [], startNs: 0n, endNs });
const bytes = blocks.reduce((sum, { rawBytes }) => sum + rawBytes, 0);
// The batches are made once: what is measured is the engine over blocks in memory.
const loaded = new Map(await Promise.all(blocks.map(async (block) => [block.minNs, await block.load()] as const)));
const cached = {
  ...querier,
  select: async () => blocks.map((block) => ({ ...block, load: async () => loaded.get(block.minNs)! })),
};

const kernels = createKernels();

async function run(query: string): Promise<void> {
  const { signal } = new AbortController();
  const common = { querier: cached, tenant: "t", query, startNs: 0n, endNs, stepMs: 1000, limit: 100, kernels };
  await runRangeQuery({ ...common, direction: "backward" }, signal);
}

const queries = [
  '{app="a"} |= "no such needle"',
  '{app="a"} |= "deadbeef"',
  '{app="a"} |~ "(?i)no such needle"',
  '{app="a"} |~ "status\\":599"',
  '{app="a"} |= "upstream timeout" | json | latency_ms>1e6',
  '{app="a"} | json | status="none"',
  '{app="a"} | logfmt | status="none"',
  'count_over_time({app="a"}[1m])',
  'sum by (level) (rate({app="a"} | json | __error__="" [1m]))',
];

await runBench(
  "queries",
  new URL("..", import.meta.url).pathname,
  queries.map((query) => ({ name: query, bytes, lines: lineCount, run: () => run(query) })),
);
