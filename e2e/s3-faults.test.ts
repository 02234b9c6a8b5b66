import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startFaultProxy, type Fault, type ProxiedRequest } from "@sluice/object-store/testing/s3-server";
import { describeWithS3 } from "@sluice/object-store/testing/with-s3";
import { randomInt, seededRng, temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { expectAllOnce, expectCounted, startCanary } from "./world/canary.ts";
import { eventually, freePort, pause, startServer } from "./world/local.ts";

const streamCount = 4;
const rssMiBMax = 400;
const healMsMax = 15_000;

describeWithS3(
  "a server whose bucket cuts, refuses, hangs, slows, loses and shortens answers while lines are pushed",
  (s3) => {
    test("nothing is lost, nothing is there twice, memory stays bounded, and it heals by itself", async () => {
      await using directory = await temporaryDirectory();
      await using proxy = await startFaultProxy(s3().endpoint);
      const rng = seededRng(Date.now());
      const { bucket, credentials, region } = s3();
      const config = {
        storage_config: {
          aws: {
            bucketnames: bucket,
            endpoint: proxy.endpoint,
            region,
            access_key_id: credentials.accessKeyId,
            secret_access_key: credentials.secretAccessKey,
            s3forcepathstyle: true,
            prefix: "faults",
            attempt_timeout: "1s",
            backoff_config: { min_period: "50ms", max_period: "500ms", max_retries: 3 },
          },
          // Blocks are read from the bucket, not from the disk.
          cache: { bytes_max: 0 },
        },
        // Little memory, so that an outage soon fills it.
        ingester: { flush_bytes: 200_000, flush_interval: "1s", head_bytes_max: 1_000_000 },
        compactor: { compaction_interval: "500ms", retention_delete_delay: "10s" },
      };
      const start = { dataDirectory: join(directory.path, "data"), port: await freePort(), config };
      let server = await startServer(start);
      const { url } = server;
      const canary = startCanary({ url: () => url, streamCount, linesPerSecond: 2000, padding: "x".repeat(150) });
      let rssMiB = 0;

      /** @returns how often a query was answered; what it answers must be right. */
      const live = async (seconds: number): Promise<number> => {
        let answered = 0;
        for (const endMs = performance.now() + seconds * 1000; performance.now() < endMs;) {
          rssMiB = Math.max(rssMiB, residentMiB(server.pid));
          try {
            await expectCounted(canary, url);
            answered += 1;
          } catch (error) {
            // The blocks that it needs cannot be read now.
            expect(String(error)).toMatch(/^Error: 50[034] from/u);
          }
          await pause(200);
        }
        return answered;
      };
      const heal = async (): Promise<void> => {
        proxy.fault = () => undefined;
        await eventually("what is in memory is in the bucket", healMsMax, async () => {
          const { status } = await fetch(`${url}/flush`, { method: "POST" });
          return status === 204 || undefined;
        });
        await expectCounted(canary, url);
      };

      try {
        expect(await live(1)).toBeGreaterThan(0);
        const some =
          (fault: (request: ProxiedRequest) => Fault | undefined) =>
          (request: ProxiedRequest): Fault | undefined =>
            rng.next() < 0.4 ? fault(request) : undefined;
        for (const { fault, seconds } of [
          { seconds: 3, fault: () => ({ kind: "reset" }) },
          { seconds: 2, fault: () => ({ kind: "refuse", status: 503, code: "SlowDown" }) },
          { seconds: 2, fault: () => ({ kind: "hang" }) },
          { seconds: 3, fault: some(() => ({ kind: "slow", ms: randomInt(rng, 1500) })) },
          { seconds: 3, fault: some(({ method }) => (method === "GET" ? undefined : { kind: "lose-answer" })) },
          {
            seconds: 3,
            fault: some(({ method }) =>
              method === "GET" ? { kind: "cut", afterBytes: randomInt(rng, 500) } : undefined,
            ),
          },
          {
            seconds: 3,
            fault: some(({ method }) =>
              method === "GET" ? { kind: "shorten", toBytes: randomInt(rng, 200) } : undefined,
            ),
          },
        ] satisfies { fault: (request: ProxiedRequest) => Fault | undefined; seconds: number }[]) {
          proxy.fault = fault;
          await live(seconds);
          await heal();
        }
        expect(canary.answers.get(503) ?? 0, "pushes refused in the outages, for memory is bounded").toBeGreaterThan(0);

        // A server that ends in the midst of it leaves requests behind.
        for (let kill = 0; kill < 3; kill++) {
          proxy.fault = some(({ method }) => (method === "GET" ? { kind: "slow", ms: 100 } : { kind: "lose-answer" }));
          await live(1.5);
          await server.kill();
          // At its start it tries whether the bucket can be relied on, and would not start on one that cannot.
          proxy.fault = () => undefined;
          server = await startServer(start);
        }
        await heal();
        await canary.stop();
        await heal();
        await expectAllOnce(canary, url, streamCount);
        await server.kill();

        // Whoever has nothing but the bucket sees the same.
        server = await startServer({ ...start, dataDirectory: join(directory.path, "other") });
        await expectAllOnce(canary, url, streamCount);
        expect(rssMiB, "MiB of memory").toBeLessThan(rssMiBMax);
        console.log(`${canary.acknowledged()} lines, ${rssMiB} MiB, ${proxy.requests.length} requests`);
      } finally {
        await Promise.all([server.kill(), Promise.race([canary.stop(), pause(1000)])]);
      }
    }, 180_000);
  },
);

function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/mu.exec(status)?.[1] ?? 0) / 1024);
}
