import { batchOf, isServiceError, labelsFromRecord, type Entry } from "@sluice/model";
import { logLine, seededRng } from "@sluice/testkit";
import { describe, expect, test } from "vitest";
import { compileTail, runInstantQuery, runRangeQuery, type RangeQuery } from "../src/index.ts";
import { memoryQuerier, type StoredStream } from "./memory-querier.ts";

const secondNs = 1_000_000_000n;
const { signal } = new AbortController();

function streamOf(app: string, lines: readonly string[]): StoredStream {
  const entries = lines.map((line, i) => ({ timestampNs: BigInt(i) * secondNs, line }));
  return { labels: labelsFromRecord({ app }), entries };
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `line ${i}`);

function rangeQuery(streams: readonly StoredStream[], blockSize: number, query: Partial<RangeQuery>) {
  const querier = memoryQuerier(streams, blockSize);
  const answer = runRangeQuery(
    {
      querier,
      tenant: "tenant",
      query: '{app=~".+"}',
      startNs: 0n,
      endNs: 1000n * secondNs,
      stepMs: 60_000,
      limit: 10,
      direction: "forward",
      ...query,
    },
    signal,
  );
  return { querier, answer };
}

describe("what a log query reads", () => {
  test.for(["forward", "backward"] as const)("%s it stops when no further block can matter", async (direction) => {
    const streams = [streamOf("a", numbered(100)), streamOf("b", numbered(100))];
    const { querier, answer } = rangeQuery(streams, 10, { direction, limit: 5 });
    const { stats } = await answer;
    expect(querier.loadCount).toBe(2);
    expect(stats).toMatchObject({ blocksTotal: 20, blocksLoaded: 2, linesProcessed: 20, entriesReturned: 5 });
  });

  test.for<[stages: string, needles: readonly string[]]>([
    ['!= "no" |= "one" |= "two" or "three" | json |= "four" | x="1"', ["one", "four"]],
    ['|~ "abc.*def" !~ "ghi" |~ "(?i)jkl" |~ "x|y" |~ "z" or "w"', ["abc", "def"]],
    ['|> "<_>took <_> ms<_>" !> "<_>no<_>" |> "a<_>" or "b<_>"', ["took ", " ms"]],
    ['|= ""', []],
  ])("what lines must hold goes to storage: %s", async ([stages, needles]) => {
    const { querier, answer } = rangeQuery([], 10, { query: `{app="a"} ${stages}` });
    await answer;
    const decoder = new TextDecoder();
    expect(querier.requests[0]?.needles?.map((needle) => decoder.decode(needle))).toEqual(needles);
    expect(querier.requests[0]).toMatchObject({ tenant: "tenant", startNs: 0n, endNs: 1000n * secondNs });
  });

  test.for<[stages: string, equalities: Record<string, string>]>([
    ['| a="1" |= "x" | b="2" | json | c="3"', { a: "1", b: "2" }],
    ['| a="1" and (b="2" , c>3)', { a: "1", b: "2" }],
    ['| a="1" or b="2" | c!="3" | d=~"4" | e="" | __error__="x"', {}],
    ['| logfmt | a="1"', {}],
  ])("labels that entries must have go to storage: %s", async ([stages, equalities]) => {
    const { querier, answer } = rangeQuery([], 10, { query: `{app="a"} ${stages}` });
    await answer;
    expect(querier.requests[0]?.equalities).toEqual(labelsFromRecord(equalities));
  });

  test.for([
    { query: 'count_over_time({app="a"}[1m])', isCounting: true },
    { query: 'count_over_time({app="a"} |= "x" [1m])', isCounting: false },
    { query: '{app="a"}', isCounting: false },
  ])("storage is told whether blocks are counted unread: $query", async ({ query, isCounting }) => {
    const { querier, answer } = rangeQuery([], 10, { query });
    await answer;
    expect(querier.requests[0]?.isCounting ?? false).toBe(isCounting);
  });

  test("a limit far below the number of matching lines is kept to", async () => {
    const { answer } = rangeQuery([streamOf("a", numbered(5000))], 5000, { limit: 7, query: '{app="a"} |= "line"' });
    const { result } = await answer;
    expect(result.type === "streams" && result.streams[0]?.entries.map(({ line }) => line)).toEqual(numbered(7));
  });
});

describe("what a metric query reads", () => {
  const streams = [streamOf("a", numbered(120))];
  const range = { startNs: 60n * secondNs, endNs: 120n * secondNs, stepMs: 60_000 };

  test("blocks inside one window are counted without loading them", async () => {
    const query = 'sum by (app) (count_over_time({app="a"}[1m]))';
    const { querier, answer } = rangeQuery(streams, 10, { ...range, query });
    const { result } = await answer;
    expect(result.type === "matrix" && result.series[0]?.points.map(({ value }) => value)).toEqual([60, 59]);
    // Only the two blocks that the windows' borders cut: entries 0-9 and 60-69.
    expect(querier.loadCount).toBe(2);
  });

  test("blocks that may hold an entry twice are loaded", async () => {
    const querier = memoryQuerier(streams, 10);
    const select = querier.select.bind(querier);
    const repeating = {
      ...querier,
      select: async (request: Parameters<typeof select>[0]) =>
        (await select(request)).map((block) => ({ ...block, mayRepeat: true, count: block.count * 2 })),
    };
    const query = 'sum(count_over_time({app="a"}[2m]))';
    const common = { tenant: "tenant", query, limit: 1, direction: "forward" } as const;
    const { result } = await runInstantQuery({ ...common, querier: repeating, timeNs: 119n * secondNs }, signal);
    expect(result).toMatchObject({ type: "vector", samples: [{ value: 120 }] });
  });

  test("the request covers the windows and no more", async () => {
    const query = 'rate({app="a"}[1m] offset 30s)';
    const { querier, answer } = rangeQuery(streams, 10, { ...range, query });
    await answer;
    expect(querier.requests[0]).toMatchObject({ startNs: -30n * secondNs + 1n, endNs: 90n * secondNs + 1n });
  });
});

test("a query over too many series fails", async () => {
  const streams = Array.from({ length: 4 }, (_, i) => streamOf(`app-${i}`, ["x"]));
  const query = 'count_over_time({app=~".+"}[1m])';
  const { answer } = rangeQuery(streams, 1, { query, seriesMax: 3, endNs: 60n * secondNs });
  await expect(answer).rejects.toThrow("maximum number of series (3) reached for a single query; consider reducing");
});

test("an aborted query rejects as cancelled and stops loading", async () => {
  const controller = new AbortController();
  const querier = memoryQuerier([streamOf("a", numbered(100))], 1);
  const select = querier.select.bind(querier);
  const aborting = {
    ...querier,
    select: async (request: Parameters<typeof select>[0]) => {
      controller.abort();
      return select(request);
    },
  };
  const query = { tenant: "t", query: '{app="a"}', startNs: 0n, endNs: secondNs * 999n, stepMs: 1, limit: 999 };
  const answer = runRangeQuery({ ...query, querier: aborting, direction: "forward" }, controller.signal);
  await expect(answer).rejects.toSatisfy((error) => isServiceError(error, "cancelled"));
  expect(querier.loadCount).toBe(1);
});

test("a long query lets other work run", async () => {
  const { answer } = rangeQuery([streamOf("a", numbered(200_000))], 500, {
    query: '{app="a"} | json |= "none"',
    limit: 1,
  });
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) {
      setImmediate(count);
    }
  };
  setImmediate(count);
  await rangeQuery([streamOf("a", numbered(200_000))], 500, {
    query: '{app="a"} | regexp "(?P<x>[a-z]+)" | x="none"',
    endNs: 100_000n * secondNs,
    limit: 1,
  }).answer;
  isDone = true;
  await answer;
  expect(turns).toBeGreaterThan(3);
});

describe("filters agree with the obvious implementation", () => {
  const rng = seededRng(7);
  const entries: Entry[] = Array.from({ length: 3000 }, (_, i) => ({
    timestampNs: BigInt(Math.floor(i / 3)) * 1_000_000n,
    line: logLine(rng, i),
  }));
  const stream = { labels: labelsFromRecord({ app: "a" }), entries };
  const includes = (text: string) => (line: string) => line.includes(text);

  test.for([
    { filter: '|= "error"', keeps: includes("error") },
    { filter: '|= "GET" |= "500"', keeps: (line: string) => line.includes("GET") && line.includes("500") },
    { filter: '!= "level"', keeps: (line: string) => !line.includes("level") },
    { filter: '|= "timeout" or "refused" or "reset"', keeps: (line: string) => /timeout|refused|reset/u.test(line) },
    { filter: '|~ `(?i)TIMEOUT|status":5\\d\\d`', keeps: (line: string) => /timeout|status":5\d\d/iu.test(line) },
    { filter: '|~ `"status":5\\d\\d.*"bytes":1`', keeps: (line: string) => /"status":5\d\d.*"bytes":1/u.test(line) },
    {
      filter: '|~ "worker-1\\\\d. (cache|payment)"',
      keeps: (line: string) => /worker-1\d. (cache|payment)/u.test(line),
    },
    { filter: '|> "<_>[worker-1<_>] cache<_>"', keeps: (line: string) => /.\[worker-1.+\] cache./u.test(line) },
    { filter: '!~ "[0-9]{3}$"', keeps: (line: string) => !/[0-9]{3}$/u.test(line) },
    { filter: '| json | status>=500 | __error__=""', keeps: (line: string) => jsonStatus(line) >= 500 },
  ])("$filter", async ({ filter, keeps }) => {
    const query = `{app="a"} ${filter}`;
    for (const direction of ["forward", "backward"] as const) {
      const { result } = await rangeQuery([stream], 256, { query, limit: 100_000, direction }).answer;
      const found = result.type === "streams" ? (result.streams[0]?.entries ?? []) : [];
      const wanted = entries.filter(({ line }) => keeps(line)).map(({ line }) => line);
      expect(wanted.length).toBeGreaterThan(0);
      expect(found.map(({ line }) => line)).toEqual(direction === "forward" ? wanted : wanted.toReversed());
    }
  });

  function jsonStatus(line: string): number {
    return line.startsWith("{") ? (JSON.parse(line) as { status: number }).status : 0;
  }
});

describe("tail", () => {
  const labels = labelsFromRecord({ app: "a" });

  test("lines that pass come with what the stages found, others do not come", () => {
    const tail = compileTail('{app="a"} |= "level" | logfmt | level="warn"');
    expect(tail.matchers).toEqual([{ name: "app", operator: "=", value: "a" }]);
    const metadata = labelsFromRecord({ trace_id: "t" });
    const batch = batchOf([
      { timestampNs: 1n, line: "level=info" },
      { timestampNs: 2n, line: "level=warn x=1", metadata },
      { timestampNs: 2n, line: "other" },
    ]);
    const parsed = labelsFromRecord({ level: "warn", x: "1" });
    expect(tail.process(labels, batch)).toEqual({
      labels,
      entries: [{ timestampNs: 2n, line: "level=warn x=1", metadata, parsed }],
    });
    expect(tail.process(labels, batchOf([{ timestampNs: 1n, line: "none" }]))).toBeUndefined();
  });

  test("a batch that points into a request's body is read as it is", () => {
    const bytes = new TextEncoder().encode("??needle??other??");
    const batch = {
      count: 2,
      baseNs: 5n,
      deltaNs: Float64Array.of(0, 1),
      bytes,
      lineStarts: Uint32Array.of(2, 10),
      lineEnds: Uint32Array.of(8, 15),
    };
    const found = compileTail('{app="a"} |= "needle"').process(labels, batch);
    expect(found?.entries.map(({ line }) => line)).toEqual(["needle"]);
  });

  test("a metric query has no lines to follow", () => {
    expect(() => compileTail('rate({app="a"}[1m])')).toThrow("only log selector is supported");
  });
});
