import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { randomInt, seededRng, temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { spawnAgent } from "./agent-process.ts";
import { startPushSink, visibleLines } from "./push-sink.ts";
import { configYaml, criLine, until } from "./running-agent.ts";

const rounds = 5;

test("SIGKILL again and again, under load, rotations and faults: nothing is lost, nothing is visible twice", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const rng = seededRng(20_260_102);
  const configPath = join(directory.path, "agent.yaml");
  const plainPath = join(directory.path, "app.log");
  const criPath = join(directory.path, "0.log");
  const cri = configYaml({ directory: directory.path, url: sink.url, path: criPath, cri: true });
  const yaml = `server: {http_listen_port: 0}\n${cri}
  - job_name: plain
    static_configs: [{labels: {kind: plain, __path__: "${plainPath}"}}]
`;
  await writeFile(
    configPath,
    yaml
      .replace("batchwait: 50ms", "batchwait: 20ms\n    batchsize: 4000")
      .replace("timeout: 10s", "timeout: 300ms")
      .replace("sync_period: 200ms", "sync_period: 20ms"),
  );
  // Two pushes in five fail, a third of these after the server has stored it; some never get an answer.
  sink.behave(() => {
    const chance = rng.next();
    return chance < 0.15
      ? "store_and_cut"
      : chance < 0.25
        ? "cut"
        : chance < 0.33
          ? { status: 503 }
          : chance < 0.4
            ? "hang"
            : "store";
  });

  const written = { plain: [] as string[], cri: [] as string[] };
  let rotationCount = 0;
  const checkpoint = join(directory.path, "positions.yaml.checkpoint");
  const isKnown = (path: string): boolean => existsSync(checkpoint) && readFileSync(checkpoint, "utf8").includes(path);
  const write = (): void => {
    const count = 1 + randomInt(rng, 40);
    for (let i = 0; i < count; i++) {
      const plainLine = `plain line ${written.plain.length} ${"p".repeat(randomInt(rng, 60))}`;
      written.plain.push(plainLine);
      appendFileSync(plainPath, `${plainLine}\n`);
      const index = written.cri.length;
      const isSplit = rng.next() < 0.1;
      const stream = rng.next() < 0.5 ? "stdout" : "stderr";
      written.cri.push(`cri line ${index}${isSplit ? " and its second half" : ""}`);
      if (isSplit) {
        appendFileSync(criPath, criLine(index, `cri line ${index}`, stream, "P"));
        appendFileSync(criPath, criLine(index, " and its second half", stream));
      } else {
        appendFileSync(criPath, criLine(index, `cri line ${index}`, stream));
      }
    }
    // As the kubelet does, but not so often that two rotations fall between two looks at the path, and not before the
    // agent has saved that it knows the path: what lies beside a new plain file it takes for history.
    if (written.cri.length > (rotationCount + 1) * 2500 && isKnown(plainPath)) {
      rotationCount += 1;
      renameSync(criPath, `${criPath}.2026010${rotationCount}`);
      writeFileSync(criPath, "");
      renameSync(plainPath, `${plainPath}.${rotationCount}`);
      writeFileSync(plainPath, "");
    }
  };
  const writer = setInterval(write, 20);
  try {
    for (let round = 0; round < rounds; round++) {
      await using agent = spawnAgent(["--config", configPath, "--log-level", "error"]);
      await agent.ready();
      await new Promise((resolve) => setTimeout(resolve, 50 + randomInt(rng, 700)));
      agent.process.kill("SIGKILL");
      expect(await agent.ended, agent.stderr()).toBe("SIGKILL");
    }
  } finally {
    clearInterval(writer);
    sink.behave(() => "store");
  }
  await using last = spawnAgent(["--config", configPath, "--log-level", "error"]);
  const all = written.plain.length + written.cri.length;
  await until("every line", () => new Set(sink.received.map(({ line }) => line)).size >= all, 60_000);
  last.process.kill("SIGTERM");
  expect(await last.ended, last.stderr()).toBe(0);
  expect(visibleLines(sink.received).sort()).toEqual([...written.plain, ...written.cri].sort());
  // The test is worth something only when lines did come twice and files were rotated.
  expect(sink.received.length).toBeGreaterThan(all);
  expect(rotationCount).toBeGreaterThan(0);
}, 240_000);
