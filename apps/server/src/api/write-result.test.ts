import { createKernels } from "@sluice/kernels";
import {
  batchOf,
  labelsFromRecord,
  noLabels,
  nsPerSecond,
  type QueryResult,
  type QueryStats,
  type ResultStream,
} from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseEncodingFlags, printSample, writeQueryResponse } from "./write-result.ts";

const stats: QueryStats = {
  blocksTotal: 1,
  blocksLoaded: 1,
  bytesProcessed: 100,
  linesProcessed: 3,
  entriesReturned: 3,
};

const streams: QueryResult = {
  type: "streams",
  streams: [
    {
      labels: labelsFromRecord({ app: "x" }),
      entries: [
        { timestampNs: 2n, line: "two", metadata: noLabels, parsed: labelsFromRecord({ level: "error" }) },
        { timestampNs: 1n, line: "one", metadata: labelsFromRecord({ trace: "t" }), parsed: noLabels },
        { timestampNs: 0n, line: "<&>", metadata: noLabels, parsed: noLabels },
      ],
    },
  ],
};

function dataOf(result: QueryResult, flags: readonly string[]): unknown {
  const body = JSON.parse(new TextDecoder().decode(writeQueryResponse(result, stats, { execSeconds: 0.5 }, flags))) as {
    status: string;
    data: Record<string, unknown>;
  };
  expect(body.status).toBe("success");
  const { stats: written, ...data } = body.data;
  expect(written).toMatchObject({ summary: { totalBytesProcessed: 100, bytesProcessedPerSecond: 200, execTime: 0.5 } });
  return data;
}

test("without the flag every distinct label set is a stream, ordered by its text", () => {
  expect(dataOf(streams, [])).toEqual({
    resultType: "streams",
    result: [
      { stream: { app: "x", level: "error" }, values: [["2", "two"]] },
      { stream: { app: "x", trace: "t" }, values: [["1", "one"]] },
      { stream: { app: "x" }, values: [["0", "<&>"]] },
    ],
  });
});

test("with categorize-labels a stream keeps its labels and each line says where the others are from", () => {
  expect(dataOf(streams, ["categorize-labels"])).toEqual({
    resultType: "streams",
    encodingFlags: ["categorize-labels"],
    result: [
      {
        stream: { app: "x" },
        values: [
          ["2", "two", { parsed: { level: "error" } }],
          ["1", "one", { structuredMetadata: { trace: "t" } }],
          ["0", "<&>", {}],
        ],
      },
    ],
  });
});

test("vector, matrix and scalar", () => {
  const labels = labelsFromRecord({ app: "x" });
  expect(dataOf({ type: "vector", samples: [{ labels, timestampMs: 1500, value: 2 }] }, [])).toEqual({
    resultType: "vector",
    result: [{ metric: { app: "x" }, value: [1.5, "2"] }],
  });
  expect(dataOf({ type: "matrix", series: [{ labels, points: [{ timestampMs: 1000, value: 0.5 }] }] }, [])).toEqual({
    resultType: "matrix",
    result: [{ metric: { app: "x" }, values: [[1, "0.5"]] }],
  });
  expect(dataOf({ type: "scalar", timestampMs: 2000, value: 2 }, [])).toEqual({
    resultType: "scalar",
    result: [2, "2"],
  });
});

test.for([
  [1267.126_666_666_666_6, "1267.1266666666666"],
  [1e21, "1000000000000000000000"],
  [1.5e-7, "0.00000015"],
  [-1.25e22, "-12500000000000000000000"],
  [Number.NaN, "NaN"],
  [Number.POSITIVE_INFINITY, "+Inf"],
  [Number.NEGATIVE_INFINITY, "-Inf"],
] as const)("sample %d prints as %s", ([value, text]) => {
  expect(printSample(value)).toBe(text);
});

test("encoding flags are a comma list", () => {
  expect(parseEncodingFlags("foo, categorize-labels")).toEqual(["foo", "categorize-labels"]);
  expect(parseEncodingFlags(undefined)).toEqual([]);
});

/** Lines of a stream as the engine gives them: as columns. */
function asColumns({ labels, entries }: ResultStream): ResultStream {
  const batch = batchOf(entries);
  const columns = {
    count: batch.count,
    seconds: Float64Array.from(entries, ({ timestampNs }) => Number(timestampNs / nsPerSecond)),
    nanos: Uint32Array.from(entries, ({ timestampNs }) => Number(timestampNs % nsPerSecond)),
    bytes: batch.bytes,
    lineStarts: batch.lineStarts,
    lineEnds: batch.lineEnds,
    metadata: entries.map(({ metadata }) => metadata),
    parsed: entries.map(({ parsed }) => parsed),
  };
  return { labels, entries: [], columns };
}

test("whatever the lines hold, they are read back as they were, from columns and from entries", () => {
  const kernels = createKernels();
  const labels = fc.constantFrom({}, { level: "error" }, { "trace id": '"t"\n' }).map(labelsFromRecord);
  const entry = fc.record({
    timestampNs: fc.bigInt({ min: 1_700_000_000_000_000_000n, max: 1_700_001_000_000_000_000n }),
    line: fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
    metadata: labels,
    parsed: fc.constantFrom({}, { x: "<&>" }).map(labelsFromRecord),
  });
  const stream = fc.record({
    labels: fc.constantFrom({ app: "x" }, { app: "y" }).map(labelsFromRecord),
    entries: fc.array(entry, { minLength: 1, maxLength: 5 }),
  });
  fc.assert(
    fc.property(fc.array(stream, { maxLength: 3 }), (all) => {
      for (const flags of [[], ["categorize-labels"]]) {
        const result: QueryResult = { type: "streams", streams: all };
        const columns: QueryResult = { type: "streams", streams: all.map(asColumns) };
        const read = (of: QueryResult): unknown =>
          JSON.parse(new TextDecoder().decode(writeQueryResponse(of, stats, { execSeconds: 1 }, flags, kernels)));
        const wanted = all.flatMap(({ entries }) => entries.map(({ timestampNs, line }) => [`${timestampNs}`, line]));
        const answer = read(result) as { data: { result: { values: unknown[][] }[] } };
        const found = answer.data.result.flatMap(({ values }) => values.map(([time, line]) => [time, line]));
        expect(found.map(String).sort()).toEqual(wanted.map(String).sort());
        expect(read(columns)).toEqual(answer);
      }
    }),
  );
});
