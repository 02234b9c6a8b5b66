import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort, pause, startServer } from "./world/local.ts";
import { nowNs, queryLines } from "./world/loki-client.ts";
import { repositoryDirectory } from "./world/process.ts";
import { mountSmallDisk } from "./world/small-disk.ts";

const mebibyte = 1024 * 1024;
const linesPerPush = 200;
const healMsMax = 5000;

const probe = await mountSmallDisk(mebibyte);
await probe?.[Symbol.asyncDispose]();

if (probe === undefined) {
  const why = "a full disk needs a tmpfs, which only root may mount";
  test(`a full disk: NOT RUN HERE, ${why}`, () => console.warn(why));
} else {
  test("a full disk refuses pushes, answers queries, loses nothing, and goes on when there is room", async () => {
    await using disk = await mountSmallDisk(24 * mebibyte);
    await disk!.occupy(16 * mebibyte);
    const dataDirectory = join(disk!.path, "data");
    const config = { ingester: { flush_bytes: mebibyte, flush_interval: "1s" } };
    const start = { dataDirectory, config, port: await freePort() };
    let server = await startServer(start);
    const acknowledged: string[] = [];
    const tried = new Set<string>();

    const push = async (): Promise<Response> => {
      const firstNs = nowNs();
      const lines = Array.from({ length: linesPerPush }, () => `id=${randomBytes(300).toString("base64")}`);
      for (const line of lines) {
        tried.add(line);
      }
      const values = lines.map((line, i) => [String(firstNs + BigInt(i)), line]);
      const response = await fetch(`${server.url}/loki/api/v1/push`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ streams: [{ stream: { app: "full" }, values }] }),
      });
      if (response.status === 204) {
        acknowledged.push(...lines);
      }
      return response;
    };
    /** Every acknowledged line is there once; others only if somebody tried to push them. */
    const checkLines = async (): Promise<void> => {
      const found = (await queryLines(server.url, '{app="full"}')).map(({ line }) => line);
      const known = new Set(found);
      expect(known.size, "no line is there twice").toBe(found.length);
      expect(acknowledged.filter((line) => !known.has(line)).length, "acknowledged lines that are lost").toBe(0);
      expect(found.filter((line) => !tried.has(line)).length, "lines that nobody pushed").toBe(0);
    };

    try {
      const refused = await pushUntilRefused(push);
      expect([429, 503]).toContain(refused.status);
      expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
      expect(await refused.text()).toMatch(/no space left|wait/u);
      expect(acknowledged.length).toBeGreaterThan(linesPerPush * 10);
      await checkLines();
      // It stays so for as long as the disk is full, and memory does not grow meanwhile.
      for (let i = 0; i < 20; i++) {
        const { status } = await push();
        expect([204, 429, 503]).toContain(status);
      }
      await checkLines();

      await server.kill();
      server = await startServer(start);
      await checkLines();
      await pushUntilRefused(push);

      await disk!.makeRoom();
      const roomMs = performance.now();
      while ((await push()).status !== 204) {
        await pause(100);
        expect(performance.now() - roomMs, "ms until pushes are taken again").toBeLessThan(healMsMax);
      }
      await checkLines();
      await server.kill();
      server = await startServer(start);
      await checkLines();
      expect(await server.stop()).toBe(0);
      const fsck = spawnSync("node", ["packages/store/src/cli/fsck.ts", "--data", dataDirectory], {
        cwd: repositoryDirectory,
        encoding: "utf8",
      });
      expect(fsck.stdout).not.toContain("WRONG");
      expect(fsck.status).toBe(0);
    } finally {
      await server.kill();
    }
  }, 120_000);
}

/** Refused twice: the log may have had room for a little more, or have got some by a trim. */
async function pushUntilRefused(push: () => Promise<Response>): Promise<Response> {
  let refusedCount = 0;
  for (let i = 0; i < 1000; i++) {
    const response = await push();
    if (response.status !== 204) {
      refusedCount += 1;
      if (refusedCount === 2) {
        return response;
      }
    }
  }
  throw new Error("the disk does not become full");
}
