import { createKernels, plainKernels } from "@sluice/kernels";
import { labelsFromRecord, type Direction, type Entry } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { runInstantQuery, runRangeQuery } from "../src/index.ts";
import { memoryQuerier } from "./memory-querier.ts";

const simd = createKernels();
const { signal } = new AbortController();
const endNs = 1_000_000_000_000n;

const value = fc.oneof(
  fc.constantFrom(
    '"error"',
    '"info"',
    '""',
    "5",
    "-1.50",
    "1e3",
    "null",
    "true",
    "[1]",
    '{"a":"error"}',
    '"err\\u006fr"',
  ),
  fc.constantFrom('"12ms"', '"1.5KB"', '"e\\"r"', '"error"x', "tru", '"\u00e9"', '"500"', '"NaN"'),
);
const key = fc.constantFrom("level", "status", "took", "level", "le.vel", "1x", "", "app", "__error__", "lev\\u0065l");
const json = fc
  .array(fc.tuple(key, value), { maxLength: 5 })
  .chain((fields) =>
    fc.constantFrom(
      `{${fields.map(([name, text]) => `"${name}":${text}`).join(",")}}`,
      `{${fields.map(([name, text]) => ` "${name}" : ${text} `).join(",")}`,
      fields.map(([name, text]) => `${name}=${text}`).join(" "),
      fields.map(([name, text]) => `${name}=${text.replaceAll('"', "")}`).join("  "),
      "error status=5",
      "",
    ),
  );
const metadata = fc.constantFrom<Record<string, string>>(
  {},
  {},
  {},
  { trace: "t" },
  { level: "error" },
  { __error__: "x" },
);
const entries = fc.array(fc.tuple(json, metadata), { minLength: 1, maxLength: 12 }).map((rows) =>
  rows.map(([line, labels], i): Entry => ({
    timestampNs: BigInt(i) * 1_000_000_000n,
    line,
    ...(Object.keys(labels).length === 0 ? {} : { metadata: labelsFromRecord(labels) }),
  })),
);
const streams = fc.constantFrom<Record<string, string>>(
  { app: "a" },
  { app: "a", level: "error" },
  { app: "a", env: "x" },
);

const filters = [
  'level="error"',
  'level!="error"',
  'level=~"err.*|info"',
  "status>=5",
  "took>10ms",
  "took<2KB",
  'level="error" or status=5',
  'level="error" | status>1',
  'level="error", env="x"',
  '__error__=""',
  '__error__="" | level="info"',
  'app="a"',
  'level="error" |= "status"',
];
const metrics: readonly ((pipeline: string) => string)[] = [
  (pipeline) => `sum(count_over_time(${pipeline} [20s]))`,
  (pipeline) => `sum by (level) (count_over_time(${pipeline} [20s]))`,
  (pipeline) => `sum by (app, status, __error__) (bytes_over_time(${pipeline} [20s]))`,
  (pipeline) => `avg_over_time(${pipeline} | unwrap status [20s]) by (level)`,
  (pipeline) => `sum by (env) (sum_over_time(${pipeline} | unwrap duration(took) [20s]))`,
  (pipeline) => `max_over_time(${pipeline} | unwrap status | __error__="" [20s]) by (level, took)`,
  (pipeline) => `rate(${pipeline} [20s])`,
];

/** The same query in two forms: the second has a stage that does nothing, but keeps fields from being looked at alone. */
const queries = fc
  .tuple(
    fc.constantFrom("json", "logfmt", "logfmt --strict", "logfmt --keep-empty"),
    fc.constantFrom(...filters),
    fc.constantFrom("", '|= "error"', '|~ "err" != "x"'),
    fc.constantFrom(undefined, ...metrics),
  )
  .map(([parser, filter, lineFilter, metric]) => {
    const pipeline = `{app="a"} ${lineFilter} | ${parser} | ${filter}`;
    return [pipeline, `${pipeline} | drop no_such_label`].map((text) => (metric === undefined ? text : metric(text)));
  });

const fieldNamedAsErrorDetails: [Record<string, string>, Entry[], string[], number] = [
  { app: "a" },
  [{ timestampNs: 0n, line: "level=error __error_details__=x" }],
  ["", " | drop no_such_label"].map((stage) => `{app="a"} | logfmt | level="error" | __error_details__!=""${stage}`),
  1,
];

test("what fields alone say is what the stages say", { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(streams, entries, queries, fc.constantFrom(1, 5, 100), async (labels, lines, pair, blockSize) => {
      const querier = memoryQuerier([{ labels: labelsFromRecord(labels), entries: lines }], blockSize);
      const answer = async (query: string, kernels: typeof simd, direction: Direction): Promise<unknown> => {
        const common = { querier, tenant: "t", query, limit: 5, direction, kernels };
        try {
          const range = { ...common, startNs: 0n, endNs, stepMs: 10_000 };
          const ran = query.startsWith("{")
            ? await runRangeQuery(range, signal)
            : await runInstantQuery({ ...common, timeNs: 10_000_000_000n }, signal);
          return JSON.stringify(ran.result, (name, held: unknown) =>
            name === "columns" ? undefined : typeof held === "bigint" ? `${held}` : held,
          );
        } catch (error) {
          return String(error);
        }
      };
      for (const direction of ["forward", "backward"] as const) {
        const wanted = await answer(pair[1]!, plainKernels, direction);
        expect(await answer(pair[0]!, simd, direction), pair[0]).toEqual(wanted);
        expect(await answer(pair[0]!, plainKernels, direction), pair[0]).toEqual(wanted);
      }
    }),
    { numRuns: 3000, examples: [fieldNamedAsErrorDetails] },
  );
});
