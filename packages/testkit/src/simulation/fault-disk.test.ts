import { writeFileDurably } from "@sluice/model";
import { expect, test } from "vitest";
import { seededRng } from "../random.ts";
import { faultDisk, type FaultDisk } from "./fault-disk.ts";

const seeds = Array.from({ length: 200 }, (_, i) => i + 1);

async function writeFile(disk: FaultDisk, path: string, text: string): Promise<void> {
  const file = await disk.open(path, "append");
  await file.append([new TextEncoder().encode(text)]);
  await file.close();
}

async function textOf(disk: FaultDisk, path: string): Promise<string | undefined> {
  return (await disk.stat(path)) && new TextDecoder().decode(await disk.readFile(path));
}

/** What is left of a disk after a power cut, over many seeds; each answer once. */
async function afterPowerCuts<Answer>(
  prepare: (disk: FaultDisk) => Promise<void>,
  look: (disk: FaultDisk) => Promise<Answer>,
): Promise<Set<Answer>> {
  const answers = new Set<Answer>();
  for (const seed of seeds) {
    const disk = faultDisk();
    await prepare(disk);
    disk.powerCut(seededRng(seed));
    answers.add(await look(disk));
  }
  return answers;
}

test("a power cut leaves what was synced, name and all", async () => {
  const left = await afterPowerCuts(
    async (disk) => {
      await disk.makeDirectory("/data");
      await disk.syncDirectory("/");
      await writeFileDurably(disk, "/data/file", new TextEncoder().encode("synced"));
    },
    (disk) => textOf(disk, "/data/file"),
  );
  expect(left).toEqual(new Set(["synced"]));
});

test("a power cut may take a name that was not synced, and a directory with all in it", async () => {
  const left = await afterPowerCuts(
    async (disk) => {
      await disk.makeDirectory("/data/deep");
      await disk.syncDirectory("/");
      await writeFile(disk, "/data/deep/file", "");
      await disk.syncDirectory("/data/deep");
    },
    async (disk) => (await disk.stat("/data")) !== undefined && (await textOf(disk, "/data/deep/file")),
  );
  expect(left).toEqual(new Set([undefined, ""]));
});

test("a power cut leaves of a synced name without synced content anything up to all, or zeros", async () => {
  const content = "x".repeat(1500);
  const left = await afterPowerCuts(
    async (disk) => {
      await writeFile(disk, "/file", content);
      await disk.syncDirectory("/");
    },
    (disk) => textOf(disk, "/file"),
  );
  expect(left.size).toBeGreaterThan(20);
  expect([...left].some((text) => text!.includes("\0"))).toBe(true);
  expect([...left].every((text) => text!.length <= 1500 && /^[x\0]*$/u.test(text!))).toBe(true);
});

test("a replaced file is the old one or the new one, never neither", async () => {
  const left = await afterPowerCuts(
    async (disk) => {
      await writeFileDurably(disk, "/state", new TextEncoder().encode("old"));
      const file = await disk.open("/state.tmp", "create");
      await file.append([new TextEncoder().encode("new")]);
      await file.sync();
      await disk.rename("/state.tmp", "/state");
    },
    (disk) => textOf(disk, "/state"),
  );
  expect(left).toEqual(new Set(["old", "new"]));
});

test("changes of names reach the disk in any order", async () => {
  const left = await afterPowerCuts(
    async (disk) => {
      await writeFile(disk, "/a", "");
      await writeFile(disk, "/b", "");
    },
    async (disk) => (await disk.list("/")).join(),
  );
  expect(left).toEqual(new Set(["", "a", "b", "a,b"]));
});

test("a kill leaves everything, and what was under way in part", async () => {
  const lengths = new Set<number>();
  for (const seed of seeds) {
    const disk = faultDisk();
    const file = await disk.open("/file", "append");
    await file.append([new Uint8Array(100)]);
    disk.intercept = () => new Promise(() => {});
    void file.append([new Uint8Array(100)]);
    disk.kill(seededRng(seed));
    disk.intercept = undefined;
    lengths.add((await disk.readFile("/file")).length);
    await expect(file.append([])).rejects.toMatchObject({ code: "EIO" });
  }
  expect(Math.min(...lengths)).toBe(100);
  expect(lengths.size).toBeGreaterThan(20);
});

test("a full disk takes what fits and says so", async () => {
  const disk = faultDisk();
  disk.capacityBytes = 10;
  const file = await disk.open("/file", "append");
  await expect(file.append([new Uint8Array(8), new Uint8Array(8)])).rejects.toMatchObject({ code: "ENOSPC" });
  expect(disk.usedBytes).toBe(10);
});

test("a failed sync may forget what was not synced, and a link keeps a file that is removed", async () => {
  const disk = faultDisk();
  const file = await disk.open("/file", "append");
  await file.append([new Uint8Array(4).fill(1)]);
  await file.sync();
  await file.append([new Uint8Array(4).fill(2)]);
  disk.intercept = (operation) => (operation === "sync" ? { code: "EIO", forgets: { next: () => 0 } } : undefined);
  await expect(file.sync()).rejects.toMatchObject({ code: "EIO" });
  expect([...(await disk.readFile("/file"))]).toEqual([1, 1, 1, 1]);
  await disk.link("/file", "/other");
  await disk.remove("/file");
  expect(await disk.list("/")).toEqual(["other"]);
  expect((await disk.readFile("/other")).length).toBe(4);
});
