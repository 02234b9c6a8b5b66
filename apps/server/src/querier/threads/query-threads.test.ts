import { setTimeout as sleep } from "node:timers/promises";
import { labelsFromRecord, type Entry } from "@sluice/model";
import { nodeFileSystem } from "@sluice/model/node";
import { openFileSystemObjectStore } from "@sluice/object-store";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import {
  instantParams,
  openThreadsWorld,
  outcomeOf,
  rangeParams,
  resultIn,
  runOptions,
  type ThreadsWorld,
} from "./threads-world.ts";

const startNs = 1_764_000_000_000_000_000n;
const bounds = { startNs, endNs: startNs + 3_600_000_000_000n };
const web = labelsFromRecord({ app: "web" });
const db = labelsFromRecord({ app: "db", pod: "db-0" });

function lines(count: number, fromMs: number, text = (i: number): string => `line ${i}`): Entry[] {
  return Array.from({ length: count }, (_, i) => ({
    timestampNs: startNs + BigInt(fromMs + i) * 1_000_000n,
    line: text(i),
    ...(i % 3 === 0 ? { metadata: labelsFromRecord({ request: `r-${i % 7}` }) } : {}),
  }));
}

const queries = [
  '{app="web"}',
  '{app=~".+"} |= "line 1"',
  '{app=~"w.*"} | request="r-3"',
  'sum by (app) (count_over_time({app=~".+"}[5m]))',
  'sum(rate({app="db"} |= "9"[1m])) / sum(rate({app=~".+"}[1m]))',
  '{app="nobody"}',
  '{app=~"("}',
  "{",
];

async function expectSame(world: ThreadsWorld): Promise<void> {
  for (const query of queries) {
    for (const direction of ["forward", "backward"] as const) {
      const params = rangeParams({ tenant: "t", query, bounds, direction });
      const here = await outcomeOf(world.inline.run("range", params, runOptions()));
      expect(await outcomeOf(world.threads.run("range", params, runOptions())), query).toEqual(here);
    }
  }
  const request = { tenant: "t", selectors: [[{ name: "app", operator: "=~", value: "w.*|d.*" }]], ...bounds } as const;
  expect(await world.threads.run("series", request, runOptions())).toEqual(
    await world.inline.run("series", request, runOptions()),
  );
}

test.for([{ isDirectory: false }, { isDirectory: true }])(
  "a thread answers what the caller would, from segments and memory (segments as files: $isDirectory)",
  async ({ isDirectory }) => {
    await using directory = await temporaryDirectory();
    const files = { objectStore: await openFileSystemObjectStore({ directory: directory.path, fs: nodeFileSystem }) };
    await using world = await openThreadsWorld(isDirectory ? { ...files, objectDirectory: directory.path } : {});
    await expectSame(world);
    await world.flush("t", web, lines(500, 0));
    await world.flush("t", db, lines(500, 200));
    // Some of them twice, and out of order.
    await world.flush("t", web, lines(300, 300));
    world.push("t", web, lines(300, 400));
    world.push(
      "t",
      web,
      lines(10, 350, (i) => `late ${i}`),
    );
    world.push(
      "t",
      db,
      lines(3000, 1000, (i) => "x".repeat(i % 500)),
    );
    await expectSame(world);
    await world.store.deletes.add({ tenant: "t", query: '{app="web"} |= "1"', ...bounds });
    await world.store.deletes.add({ tenant: "t", query: '{app="db"} |= "xx"', ...bounds });
    await expectSame(world);
  },
);

test("a query sees what was acknowledged before it, again and again", async () => {
  await using world = await openThreadsWorld();
  const params = instantParams({ tenant: "t", query: 'sum(count_over_time({app="web"}[1h]))', timeNs: bounds.endNs });
  for (let round = 1; round <= 30; round++) {
    await (round % 3 === 0
      ? world.flush("t", web, lines(10, round * 100))
      : world.push("t", web, lines(10, round * 100)));
    const { result } = resultIn(await world.threads.run("instant", params, runOptions())) as {
      readonly result: readonly { readonly value: readonly [number, string] }[];
    };
    expect(result[0]?.value[1]).toBe(String(round * 10));
  }
});

test("a query that nobody waits for ends, and its place is free", async () => {
  await using world = await openThreadsWorld({ concurrency: 1 });
  await fillLong(world);
  const short = rangeParams({ tenant: "t", query: '{app="nobody"}', bounds });
  // The thread has started.
  await world.threads.run("range", short, runOptions());
  const leaving = new AbortController();
  const long = world.threads.run("range", longQuery, runOptions({ signal: leaving.signal }));
  const ended = expect(long).rejects.toMatchObject({ code: "cancelled" });
  await sleep(300);
  const startMs = performance.now();
  leaving.abort();
  await ended;
  await world.threads.run("range", short, runOptions());
  expect(performance.now() - startMs).toBeLessThan(2000);
});

test("a query is over at its deadline, waiting included", async () => {
  await using world = await openThreadsWorld({ concurrency: 1 });
  await fillLong(world);
  const long = world.threads.run("range", longQuery, runOptions({ timeoutMs: 1000 }));
  const waiting = world.threads.run("range", longQuery, runOptions({ timeoutMs: 300 }));
  await expect(waiting).rejects.toMatchObject({ code: "timeout" });
  await expect(long).rejects.toMatchObject({ code: "timeout" });
});

/** Takes many seconds: of every line a text is made for each of many sums. */
const longQuery = rangeParams({
  tenant: "long",
  query: Array.from(
    { length: 200 },
    (_, i) =>
      `sum(count_over_time({app="web"} | line_format "{{ __line__ | upper | replace \\"A\\" \\"${i}\\" }}" |= "x"[1h]))`,
  ).join(" + "),
  bounds,
});

async function fillLong(world: ThreadsWorld): Promise<void> {
  await world.flush(
    "long",
    web,
    lines(20_000, 0, (i) => `${"abcabc ".repeat(40)}${i}`),
  );
}
