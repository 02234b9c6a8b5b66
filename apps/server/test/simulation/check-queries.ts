import { runInstantQuery } from "@sluice/logql";
import { isServiceError, labelsToRecord, type BlockRef, type SelectRequest } from "@sluice/model";
import { checkOverlaps, isTooOld, linesOfBlocks, type Ledger, type Line } from "./ledger.ts";
import type { SimulatedServer } from "./simulated-server.ts";
import { pickOne, segmentDeleteDelayMs, type World } from "./world.ts";

const hourNs = 3_600_000_000_000n;

/** Who is asked, about whom. */
export interface Check {
  readonly world: World;
  readonly ledger: Ledger;
  /** The server's name: one through all its lives. */
  readonly name: string;
  readonly server: SimulatedServer;
  readonly tenant: string;
  /** What must be there; by default what this server owes. */
  readonly owed?: readonly Line[];
  /** Whether nothing can be in the way of an answer. */
  readonly isCalm?: boolean;
}

/**
 * Asks a server for a tenant's lines, in some of the ways in which queries do, and compares.
 *
 * @throws {Error} that names the first line that is missing, repeated or made up.
 */
export async function checkQueries(check: Check): Promise<void> {
  const { world, server, isCalm = false } = check;
  const startMs = Math.min(server.knownMs(), world.nowMs);
  try {
    await checkLines(check);
    await checkSeries(check);
    await checkNeedle(check);
  } catch (error) {
    // A query may fail when the storage does. And one that knows the manifest as it was longer ago than segments are
    // kept may find them gone.
    const isOutdated = world.nowMs - startMs > segmentDeleteDelayMs * 0.9;
    const isExcused = isServiceError(error, "unavailable") || (isServiceError(error, "corrupt") && isOutdated);
    if (isCalm || !isExcused) {
      throw error;
    }
  }
}

async function checkLines(check: Check): Promise<void> {
  const { world, ledger, name, server, tenant } = check;
  const owed = check.owed ?? ledger.owedBy(name, tenant);
  const [startNs, endNs] = rangeOf(check);
  const hidden = ledger.hiddenFrom(name);
  const startMs = world.nowMs;
  const blocks = await server.querier.select(requestFor(check, { startNs, endNs }));
  const lines = await linesOfBlocks(tenant, blocks);
  const found = new Map<string, Line>();
  for (const line of lines) {
    if (found.has(line.key)) {
      throw failure(check, "shows a line twice", line);
    }
    if (!ledger.wasTried(line)) {
      throw failure(check, "shows a line that nobody pushed", line);
    }
    if (hidden.has(line.key)) {
      throw failure(check, "shows a line that was deleted", line);
    }
    if (isTooOld(line, startMs)) {
      throw failure(check, "shows a line that is too old", line);
    }
    found.set(line.key, line);
  }
  for (const line of owed) {
    const isWanted =
      ledger.isOwed(line) && line.timestampNs >= startNs && line.timestampNs < endNs && !isTooOld(line, world.nowMs);
    if (isWanted && !found.has(line.key)) {
      throw failure(check, "has lost a line", line);
    }
  }
  checkOverlaps(tenant, blocks);
  ledger.owe(name, tenant, found.values());
  await checkCounts(check, blocks, lines);
}

/** The engine counts as many lines in these blocks as there are, whether it looks at them or at their counts. */
async function checkCounts(check: Check, blocks: readonly BlockRef[], lines: readonly Line[]): Promise<void> {
  const { world, tenant } = check;
  const timeNs = BigInt(world.nowMs) * 1_000_000n + hourNs;
  const { result } = await runInstantQuery(
    {
      querier: { select: async () => blocks, series: async () => [] },
      tenant,
      query: 'sum by (app, pod) (count_over_time({app=~".+"}[4h]))',
      timeNs,
      limit: 0,
      direction: "backward",
    },
    new AbortController().signal,
  );
  const counts = new Map(
    result.type === "vector" ? result.samples.map(({ labels, value }) => [textOf(labelsToRecord(labels)), value]) : [],
  );
  const expected = new Map<string, number>();
  for (const line of lines) {
    const stream = textOf(labelsToRecord(line.labels));
    expected.set(stream, (expected.get(stream) ?? 0) + 1);
  }
  for (const stream of new Set([...expected.keys(), ...counts.keys()])) {
    if (counts.get(stream) !== expected.get(stream)) {
      throw new Error(
        `${check.name} counts ${counts.get(stream)} lines of ${tenant}'s stream ${stream}, shows ${expected.get(stream)}`,
      );
    }
  }
}

async function checkSeries(check: Check): Promise<void> {
  const { world, ledger, name, server, tenant } = check;
  const owed = check.owed ?? ledger.owedBy(name, tenant);
  const [startNs, endNs] = allTimes;
  const series = await server.querier.series({ tenant, selectors: [], startNs, endNs });
  const found = new Set(series.map((labels) => textOf(labelsToRecord(labels))));
  if (found.size !== series.length) {
    throw new Error(`${name} names a stream of ${tenant} twice`);
  }
  for (const line of owed) {
    if (ledger.isOwed(line) && !isTooOld(line, world.nowMs) && !found.has(textOf(labelsToRecord(line.labels)))) {
      throw failure(check, "does not name the stream of a line", line);
    }
  }
}

/** Blocks that are skipped because they cannot hold what is looked for do not hold it. */
async function checkNeedle(check: Check): Promise<void> {
  const { world, ledger, name, server, tenant } = check;
  const owed = (check.owed ?? ledger.owedBy(name, tenant)).filter(({ requestId, text }) => requestId ?? text);
  if (owed.length === 0) {
    return;
  }
  const line = pickOne(world.rng, owed);
  const [startNs, endNs] = allTimes;
  const blocks = await server.querier.select(
    requestFor(check, {
      startNs,
      endNs,
      ...(line.requestId === undefined
        ? { needles: [new TextEncoder().encode(line.text)] }
        : { equalities: [{ name: "request_id", value: line.requestId }] }),
    }),
  );
  const found = await linesOfBlocks(tenant, blocks, true);
  if (ledger.isOwed(line) && !isTooOld(line, world.nowMs) && !found.some(({ key }) => key === line.key)) {
    throw failure(check, "does not find a line by its text", line);
  }
}

function requestFor({ world, tenant }: Check, request: Omit<SelectRequest, "tenant" | "matchers">): SelectRequest {
  return { tenant, matchers: [], isCounting: world.rng.next() < 0.5, ...request };
}

const allTimes = [-(2n ** 63n), 2n ** 63n - 1n] as const;

/** All times, or some minutes. */
function rangeOf({ world, isCalm }: Check): readonly [startNs: bigint, endNs: bigint] {
  const { rng, nowMs } = world;
  if (isCalm === true || rng.next() < 0.7) {
    return allTimes;
  }
  const startMs = nowMs - Math.floor(rng.next() * 900_000);
  return [BigInt(startMs) * 1_000_000n, BigInt(startMs + Math.floor(rng.next() * 400_000)) * 1_000_000n];
}

function textOf(record: Record<string, string>): string {
  return JSON.stringify(record);
}

function failure({ name }: Check, what: string, { tenant, key }: Line): Error {
  return new Error(`${name} ${what}: tenant ${tenant}, ${key}`);
}
