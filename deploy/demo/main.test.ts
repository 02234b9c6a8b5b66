import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { demoServices } from "./services/index.ts";

const mainPath = fileURLToPath(new URL("main.ts", import.meta.url));

function startDemo(...args: string[]): ChildProcess {
  return spawn(process.execPath, [mainPath, ...args], { stdio: ["ignore", "ignore", "pipe"] });
}

function childrenOf(pid: number): number[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const rows = table
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/u).map(Number));
  return rows.filter(([, parent]) => parent === pid).map(([child]) => child!);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 15_000; !isTrue();) {
    expect(Date.now(), what).toBeLessThan(deadline);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function logs(root: string): string[] {
  return globSync(join(root, "ai-prod_*", "*", "0.log"));
}

/** Waits until every service has written of the well-known request. */
async function untilStoryIsTold(root: string): Promise<void> {
  await until("all services write of req-abc-123", () => {
    const found = logs(root).filter((path) => readFileSync(path, "utf8").includes("req-abc-123"));
    return found.length === demoServices.length;
  });
}

test("the services write one request's story, and all end on SIGTERM", async () => {
  await using directory = await temporaryDirectory();
  const demo = startDemo("--root", directory.path, "--rate", "200");
  const exited = once(demo, "exit");
  await untilStoryIsTold(directory.path);
  const services = childrenOf(demo.pid!);
  expect(services.length).toBe(demoServices.length);
  const lines = logs(directory.path).flatMap((path) => readFileSync(path, "utf8").trimEnd().split("\n"));
  expect(lines.filter((line) => !/^\d{4}-\d\d-\d\dT[\d:.]+Z (stdout|stderr) [PF] /u.test(line))).toEqual([]);
  demo.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
  expect(services.filter(isAlive)).toEqual([]);
});

test("the services end when the demo is killed", async () => {
  await using directory = await temporaryDirectory();
  const demo = startDemo("--root", directory.path);
  await untilStoryIsTold(directory.path);
  const services = childrenOf(demo.pid!);
  expect(services.length).toBe(demoServices.length);
  demo.kill("SIGKILL");
  await until("no service outlives the demo", () => !services.some(isAlive));
});

test("the demo ends, and says so, when a service dies", async () => {
  await using directory = await temporaryDirectory();
  const demo = startDemo("--root", directory.path);
  const said = demo.stderr!.toArray();
  const exited = once(demo, "exit");
  await untilStoryIsTold(directory.path);
  process.kill(childrenOf(demo.pid!)[0]!, "SIGKILL");
  expect(await exited).toEqual([1, null]);
  expect(Buffer.concat(await said).toString()).toBe("the demo's gateway service ended (SIGKILL)\n");
});

test.for([
  { title: "no root", args: [], want: "--root is missing: the directory for the pods' logs" },
  {
    title: "a bad rate",
    args: ["--root", "ROOT", "--rate", "many"],
    want: "--rate 'many' is not a number of lines per second from 1 to 10000",
  },
  {
    title: "a file in the way",
    args: ["--root", "ROOT/file"],
    want: "cannot use ROOT/file: a file is in the way (EEXIST)",
  },
])("one clear sentence: $title", async ({ args, want }) => {
  await using directory = await temporaryDirectory();
  writeFileSync(join(directory.path, "file"), "");
  const demo = startDemo(...args.map((arg) => arg.replace("ROOT", directory.path)));
  const said = demo.stderr!.toArray();
  expect(await once(demo, "exit")).toEqual([1, null]);
  expect(Buffer.concat(await said).toString()).toBe(`${want.replace("ROOT", directory.path)}\n`);
});
