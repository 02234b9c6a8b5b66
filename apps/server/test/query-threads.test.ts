import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseQueryTests, type QueryCase } from "@sluice/logql/testing";
import type { QueryRunner } from "../src/querier/query-runner.ts";
import {
  instantParams,
  openThreadsWorld,
  outcomeOf,
  rangeParams,
  runOptions,
  type ThreadsWorld,
} from "../src/querier/threads/threads-world.ts";

/*
 * Every query of the language's own tests, over lines of which a part is in segments and the others in memory: a thread
 * answers what the calling thread does, and so do several of which each has a part of the time.
 */
const directory = new URL("../../../packages/logql/test/queries/", import.meta.url);
const files = readdirSync(directory).filter((name) => name.endsWith(".logqltest"));

let world: ThreadsWorld;
let split: ThreadsWorld;

beforeAll(async () => {
  world = await openThreadsWorld();
  split = await openThreadsWorld({ threadCount: 3, partMsMin: 1000 });
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await split[Symbol.asyncDispose]();
});

describe.for(files)("%s", (name) => {
  const cases = parseQueryTests(readFileSync(new URL(name, directory), "utf8"));
  /** Cases have their streams in common, mostly. */
  const tenants = new Map<string, Promise<string>>();

  test.for(cases)("$title", async (queryCase) => {
    const content = JSON.stringify(queryCase.streams, (_, value) => (typeof value === "bigint" ? `${value}` : value));
    let tenant = tenants.get(content);
    if (tenant === undefined) {
      tenant = load(`${name}-${tenants.size}`, queryCase);
      tenants.set(content, tenant);
    }
    const here = await answerOf(world.inline, await tenant, queryCase);
    expect(await answerOf(world.threads, await tenant, queryCase)).toEqual(here);
    expect(await answerOf(split.threads, await tenant, queryCase), "in parts").toEqual(here);
  });
});

async function load(tenant: string, { streams }: QueryCase): Promise<string> {
  for (const { labels, entries } of streams) {
    const half = Math.floor(entries.length / 2);
    for (const one of [world, split]) {
      if (half > 0) {
        await one.flush(tenant, labels, entries.slice(0, half));
      }
      if (entries.length > half) {
        one.push(tenant, labels, entries.slice(half));
      }
    }
  }
  return tenant;
}

function answerOf(runner: QueryRunner, tenant: string, { command, query }: QueryCase): Promise<unknown> {
  const { kind, startNs, endNs, stepMs, intervalMs, limit, direction } = command;
  return outcomeOf(
    kind === "instant"
      ? runner.run("instant", instantParams({ tenant, query, timeNs: startNs, limit, direction }), runOptions())
      : runner.run(
          "range",
          rangeParams({ tenant, query, bounds: { startNs, endNs }, stepMs, intervalMs, limit, direction }),
          runOptions(),
        ),
  );
}
