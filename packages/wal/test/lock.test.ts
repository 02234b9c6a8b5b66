import { spawn } from "node:child_process";
import { once } from "node:events";
import { nodeFileSystem, systemClock } from "@sluice/model/node";
import { quietLogger, quietMetrics, temporaryDirectory } from "@sluice/testkit";
import { openWal, thisProcess, type Wal } from "@sluice/wal";
import { expect, test } from "vitest";

function open(directory: string): Promise<Wal> {
  return openWal({
    directory,
    fs: nodeFileSystem,
    logger: quietLogger,
    metrics: quietMetrics,
    clock: systemClock,
    onFatal(error) {
      throw error;
    },
  });
}

async function locks(directory: string): Promise<readonly string[]> {
  return (await nodeFileSystem.list(directory)).filter((name) => name.startsWith("lock-"));
}

test("a directory is opened once, and again after it was closed", async () => {
  await using temporary = await temporaryDirectory();
  const wal = await open(temporary.path);
  const [lock] = await locks(temporary.path);
  await expect(open(temporary.path)).rejects.toMatchObject({
    code: "unavailable",
    message:
      `WAL directory ${temporary.path} is in use by process ${process.pid} ` +
      `(if that is wrong, remove ${temporary.path}/${lock})`,
  });
  expect(await wal.append([])).toBe(1);
  await wal.close();
  await (await open(temporary.path)).close();
  expect(await locks(temporary.path)).toEqual([]);
});

test("of many that open at once, at most one gets it", async () => {
  await using temporary = await temporaryDirectory();
  const settled = await Promise.allSettled(Array.from({ length: 8 }, () => open(temporary.path)));
  expect(settled.filter((one) => one.status === "fulfilled").length).toBe(1);
});

test("another process that lives keeps the directory; its lock goes when it is gone", async () => {
  await using temporary = await temporaryDirectory();
  const child = spawn(process.execPath, [`${import.meta.dirname}/append-until-killed.ts`, temporary.path]);
  await once(child.stdout, "data");
  await expect(open(temporary.path)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining(`is in use by process ${child.pid} `),
  });
  expect((await locks(temporary.path)).length).toBe(1);
  child.kill("SIGKILL");
  await once(child, "exit");
  const wal = await open(temporary.path);
  expect(await locks(temporary.path)).toEqual([`lock-${thisProcess().name}`]);
  await wal.close();
});

test.for([
  { title: "a process id that is free", name: (own: string) => own.replace(/^\d+/u, "4194305"), alive: false },
  { title: "this process", name: (own: string) => own, alive: true },
  { title: "an earlier process of the same id", name: (own: string) => own.replace(/-\d+-/u, "-1-"), alive: false },
  { title: "a process of another container", name: (own: string) => own.replace(/\d+$/u, "7"), alive: false },
  { title: "a name that no version ever gave", name: () => "what", alive: false },
  { title: "an empty name", name: () => "", alive: false },
])("$title counts as alive: $alive", ({ name, alive }) => {
  const owner = thisProcess();
  expect(owner.isAlive(name(owner.name))).toBe(alive);
});
