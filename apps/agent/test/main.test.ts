import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { spawnAgent } from "./agent-process.ts";
import { startPushSink } from "./push-sink.ts";
import { configYaml } from "./running-agent.ts";

test.concurrent("one line when ready; SIGTERM ends it with 0 after a flush", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const path = join(directory.path, "app.log");
  await writeFile(path, "hello\n");
  const configPath = join(directory.path, "agent.yaml");
  await writeFile(configPath, configYaml({ directory: directory.path, url: sink.url, path }));
  await using agent = spawnAgent(["--config", configPath, "--listen", "127.0.0.1:0"]);
  expect(await agent.ready()).toMatch(
    new RegExp(`^agent ready on http://127\\.0\\.0\\.1:\\d+, following 1 files, sending to ${sink.url}$`, "u"),
  );
  agent.process.kill("SIGTERM");
  expect(await agent.ended, agent.stderr()).toBe(0);
  expect(sink.received.map(({ line }) => line)).toEqual(["hello"]);
});

test.concurrent("--help names every flag", async () => {
  await using agent = spawnAgent(["--help"]);
  expect(await agent.ended).toBe(0);
  expect([...agent.stdout().matchAll(/^ {2}(--[a-z-]+)/gmu)].map(([, flag]) => flag)).toEqual([
    "--config",
    "--listen",
    "--log-level",
    "--check",
    "--help",
  ]);
});

test.concurrent("--check reads the config and ends", async () => {
  await using directory = await temporaryDirectory();
  const configPath = join(directory.path, "agent.yaml");
  await writeFile(
    configPath,
    configYaml({ directory: directory.path, url: "http://127.0.0.1:1/push", path: "/x/*.log" }),
  );
  await using agent = spawnAgent(["--config", configPath, "--check"]);
  expect(await agent.ended, agent.stderr()).toBe(0);
  expect(agent.stdout()).toBe(`${configPath} is good: 1 path patterns, 1 clients\n`);
});

test.concurrent.for([
  { title: "no config", args: [], want: "--config is required: the YAML file that says what to follow (see --help)\n" },
  {
    title: "a config that is not there",
    args: ["--config", "/nowhere/agent.yaml"],
    want: "cannot read the config file /nowhere/agent.yaml: ENOENT: no such file or directory, open '/nowhere/agent.yaml'\n",
  },
])("one sentence and exit code 1: $title", async ({ args, want }) => {
  await using agent = spawnAgent(args);
  expect(await agent.ended).toBe(1);
  expect(agent.stderr()).toBe(want);
});

test.concurrent("a busy port is one sentence", async () => {
  await using directory = await temporaryDirectory();
  const busy = createServer().listen(0, "127.0.0.1");
  await once(busy, "listening");
  const { port } = busy.address() as AddressInfo;
  const configPath = join(directory.path, "agent.yaml");
  await writeFile(
    configPath,
    configYaml({ directory: directory.path, url: "http://127.0.0.1:1/push", path: "/x/*.log" }),
  );
  await using agent = spawnAgent(["--config", configPath, "--listen", `127.0.0.1:${port}`]);
  expect(await agent.ended).toBe(1);
  expect(agent.stderr()).toBe(
    `cannot listen on 127.0.0.1:${port}: the port is in use; stop what holds it or choose another with --listen\n`,
  );
  busy.close();
});
