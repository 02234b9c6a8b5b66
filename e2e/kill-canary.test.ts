import { join } from "node:path";
import { randomInt, seededRng, temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { expectAllOnce, expectCounted, startCanary } from "./world/canary.ts";
import { freePort, pause, spawnServer, startServer } from "./world/local.ts";

const killCount = 50;
const streamCount = 8;
const linesPerSecond = 2000;
/** So many of the kills hit a server that is starting. */
const killsAtStart = 12;

test(`kill -9 ${killCount} times under ${linesPerSecond} lines a second: nothing lost, nothing twice`, async () => {
  await using directory = await temporaryDirectory();
  const seed = Date.now() % 1_000_000;
  const rng = seededRng(seed);
  const port = await freePort();
  const start = {
    dataDirectory: join(directory.path, "data"),
    port,
    // Small heads and no pauses, so that kills fall into flushes, compactions and removals, too.
    config: {
      ingester: { flush_bytes: 300_000, flush_interval: "1s" },
      compactor: { compaction_interval: "500ms", retention_delete_delay: "5s" },
    },
  };
  const url = `http://127.0.0.1:${port}`;
  const canary = startCanary({ url: () => url, streamCount, linesPerSecond, padding: "x".repeat(80) });
  const readyMs: number[] = [];
  const startTimed = async (): ReturnType<typeof startServer> => {
    const startMs = performance.now();
    const server = await startServer(start);
    readyMs.push(performance.now() - startMs);
    return server;
  };
  let server = await startTimed();
  try {
    for (let kill = 1; kill <= killCount; kill++) {
      const left = killCount - kill;
      if (rng.next() < killsAtStart / killCount && left > 0) {
        await server.kill();
        const starting = await spawnServer(start);
        await pause(50 + randomInt(rng, 700));
        await starting.kill();
        kill += 1;
      } else {
        // From 0.1 to 1.5 s, more often soon.
        await pause(100 + 1400 * rng.next() ** 2);
        await server.kill();
      }
      server = await startTimed();
      await expectCounted(canary, url);
    }
    await canary.stop();
    await expectAllOnce(canary, url, streamCount);
    expect(canary.acknowledged()).toBeGreaterThan(10_000);
  } finally {
    await Promise.all([server.kill(), Promise.race([canary.stop(), pause(1000)])]);
  }
  readyMs.sort((a, b) => a - b);
  const figures = [readyMs[0]!, readyMs[readyMs.length >> 1]!, readyMs.at(-1)!].map((ms) => Math.round(ms));
  console.log(
    `seed ${seed}: ${canary.acknowledged()} lines; ready after ${figures[0]} ms at least, ${figures[1]} ms in the middle, ${figures[2]} ms at most`,
  );
}, 300_000);
