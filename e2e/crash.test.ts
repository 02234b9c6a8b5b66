import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { createPod } from "./world/kubelet.ts";
import { eventually, freePort, pause, startAgent, startServer } from "./world/local.ts";
import { queryInstant, queryLines } from "./world/loki-client.ts";

const killCount = 6;

test(`SIGKILL to the server under load, and to the agent too: no line lost, none shown twice`, async () => {
  await using directory = await temporaryDirectory();
  const podLogs = join(directory.path, "pods");
  mkdirSync(podLogs);
  const port = await freePort();
  // Small heads, so that kills fall into flushes as well.
  const config = { ingester: { flush_bytes: 200_000, flush_interval: "2s" } };
  const serverStart = { dataDirectory: join(directory.path, "data"), port, config };
  const agentStart = { directory: directory.path, pushUrl: `http://127.0.0.1:${port}/loki/api/v1/push`, podLogs };
  let server = await startServer(serverStart);
  let agent = await startAgent(agentStart);

  const pods = ["a", "b", "c"].map((suffix) =>
    createPod(podLogs, "crash", `worker-6d5f7c9b8d-${suffix.repeat(5)}`, "worker"),
  );
  const written: string[] = [];
  let isWriting = true;
  const load = (async () => {
    while (isWriting) {
      for (let i = 0; i < 20; i++) {
        const line = `number=${String(written.length).padStart(7, "0")} working`;
        pods[written.length % pods.length]!.log(line);
        written.push(line);
      }
      await pause(20);
    }
  })();

  try {
    for (let round = 0; round < killCount; round++) {
      await pause(400 + (round % 5) * 300);
      if (round % 3 === 1) {
        await agent.kill();
        agent = await startAgent(agentStart);
      }
      await server.kill();
      await pause((round % 4) * 100);
      server = await startServer(serverStart);
    }
    isWriting = false;
    await load;
    const lines = await eventually("all lines are queryable", 60_000, async () => {
      const found = await queryLines(server.url, '{namespace="crash"}');
      return found.length >= written.length ? found : undefined;
    });
    expect(lines.map(({ line }) => line)).toEqual(written);
    const counted = await queryInstant(server.url, 'sum(count_over_time({namespace="crash"}[1h]))');
    expect(counted.map(({ value }) => value)).toEqual([written.length]);
  } finally {
    isWriting = false;
    await load;
    await agent.kill();
    await server.kill();
  }
}, 300_000);

test("SIGTERM stops server and agent within their deadline, and a second start finds the earlier lines", async () => {
  await using directory = await temporaryDirectory();
  const podLogs = join(directory.path, "pods");
  mkdirSync(podLogs);
  const dataDirectory = join(directory.path, "data");
  await using first = await startServer({ dataDirectory });
  await using agent = await startAgent({
    directory: directory.path,
    pushUrl: `${first.url}/loki/api/v1/push`,
    podLogs,
  });
  createPod(podLogs, "calm", "web-0", "web").log("still here after the restart");
  await eventually("the line is queryable", 20_000, async () => (await queryLines(first.url, '{namespace="calm"}'))[0]);
  expect(await agent.stop(10_000)).toBe(0);
  expect(await first.stop(10_000)).toBe(0);
  await using second = await startServer({ dataDirectory });
  const lines = await queryLines(second.url, '{namespace="calm"}');
  expect(lines.map(({ line }) => line)).toEqual(["still here after the restart"]);
}, 90_000);
