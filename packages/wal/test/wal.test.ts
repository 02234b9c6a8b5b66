import { nodeFileSystem } from "@sluice/model/node";
import { faultDisk, quietMetrics, randomInt, seededRng, temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { directory, openTestWal, readTexts, record } from "./harness.ts";

test("what was appended is read back, also after a restart, with the positions 1, 2, 3", async () => {
  const fs = faultDisk();
  const wal = await openTestWal(fs);
  expect(wal.lastPosition).toBe(0);
  expect(await wal.append(record("a"))).toBe(1);
  expect(await wal.append([...record("b"), ...record("c")])).toBe(2);
  expect(await wal.append([])).toBe(3);
  expect(await readTexts(wal)).toEqual(["1 a", "2 bc", "3 "]);
  await wal.close();

  const reopened = await openTestWal(fs);
  expect(reopened.lastPosition).toBe(3);
  expect(reopened.sizeBytes).toBe(wal.sizeBytes);
  expect(await reopened.append(record("d"))).toBe(4);
  expect(await readTexts(reopened, 2)).toEqual(["2 bc", "3 ", "4 d"]);
  expect(await readTexts(reopened, 5)).toEqual([]);
});

test("records of any size cross windows and segments on a real file system", async () => {
  await using temporary = await temporaryDirectory();
  const options = { directory: `${temporary.path}/deep/wal`, segmentBytesMax: 2 << 20, recordBytesMax: 4 << 20 };
  const rng = seededRng(7);
  const written = Array.from({ length: 60 }, (_, i) => {
    const bytes = new Uint8Array(i % 20 === 19 ? 3 << 20 : randomInt(rng, 100_000));
    return bytes.fill(i);
  });
  const wal = await openTestWal(nodeFileSystem, options);
  for (const bytes of written) {
    await wal.append([bytes.subarray(0, 10), bytes.subarray(10)]);
  }
  await wal.close();

  const reopened = await openTestWal(nodeFileSystem, options);
  const names = await nodeFileSystem.list(options.directory);
  expect(names.filter((name) => name.endsWith(".wal")).length).toBeGreaterThan(2);
  let next = 0;
  for await (const { position, record } of reopened.read(1)) {
    expect(position).toBe(next + 1);
    expect(Buffer.compare(record, written[next]!), `record ${position}`).toBe(0);
    next += 1;
  }
  expect(next).toBe(written.length);
  await reopened.close();
});

test("a record of very many small parts is one record", async () => {
  await using temporary = await temporaryDirectory();
  const wal = await openTestWal(nodeFileSystem, { directory: temporary.path });
  const parts = Array.from({ length: 300_000 }, (_, i) => Uint8Array.of(i % 251));
  expect(await wal.append(parts)).toBe(1);
  for await (const { record } of wal.read(1)) {
    expect(Buffer.compare(record, Buffer.concat(parts))).toBe(0);
  }
  await wal.close();
});

test("appends made while a sync is under way share the next one", async () => {
  const fs = faultDisk();
  const wal = await openTestWal(fs);
  await wal.append(record("opens the first segment"));
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  fs.intercept = (operation) => (operation === "sync" ? held : undefined);
  const first = wal.append(record("first"));
  await new Promise((resolve) => setTimeout(resolve, 5));
  const others = Array.from({ length: 100 }, (_, i) => wal.append(record(`other ${i}`)));
  const before = fs.counts.sync;
  release();
  await Promise.all([first, ...others]);
  expect(fs.counts.sync - before).toBe(1);
  expect(fs.counts.append).toBe(4);
});

test("no append resolves before its sync", async () => {
  const fs = faultDisk();
  const wal = await openTestWal(fs);
  await wal.append(record("a"));
  let syncing = false;
  let resolved = false;
  fs.intercept = async (operation) => {
    if (operation === "sync") {
      await new Promise((resolve) => setTimeout(resolve, 5));
      syncing = true;
      expect(resolved).toBe(false);
    }
  };
  await wal.append(record("b")).then(() => (resolved = true));
  expect(syncing).toBe(true);
});

test("appends resolve in the order of the calls, and lastPosition is never behind them", async () => {
  const wal = await openTestWal(faultDisk(), { segmentBytesMax: 300 });
  const rng = seededRng(3);
  const resolved: number[] = [];
  const all: Promise<unknown>[] = [];
  for (let i = 1; i <= 200; i++) {
    all.push(
      wal.append(record("x".repeat(randomInt(rng, 60)))).then((position) => {
        resolved.push(position);
        expect(position).toBe(i);
        expect(wal.lastPosition).toBeGreaterThanOrEqual(position);
      }),
    );
    if (rng.next() < 0.2) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await Promise.all(all);
  expect(resolved).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
});

test("a record over the limit, and records over what may wait, are refused", async () => {
  const wal = await openTestWal(faultDisk(), { recordBytesMax: 100, pendingBytesMax: 300 });
  await expect(wal.append([new Uint8Array(101)])).rejects.toMatchObject({
    code: "too_large",
    message: "WAL record of 101 bytes, limit: 100 (recordBytesMax)",
  });
  const settled = await Promise.allSettled(Array.from({ length: 4 }, () => wal.append([new Uint8Array(100)])));
  expect(settled.map((one) => (one.status === "fulfilled" ? one.value : one.reason.code))).toEqual([
    1,
    2,
    "rate_limited",
    "rate_limited",
  ]);
  expect(await wal.append(record("there is room again"))).toBe(3);
});

test("one record is taken even when it is larger than what may wait", async () => {
  const wal = await openTestWal(faultDisk(), { pendingBytesMax: 10 });
  expect(await wal.append([new Uint8Array(100)])).toBe(1);
});

test("trim removes whole segments, and positions go on behind what was trimmed", async () => {
  const fs = faultDisk();
  const wal = await openTestWal(fs, { segmentBytesMax: 1 });
  for (const text of ["a", "b", "c", "d"]) {
    await wal.append(record(text));
  }
  const sizeBytes = wal.sizeBytes;
  await wal.trim(2);
  expect(await readTexts(wal)).toEqual(["3 c", "4 d"]);
  expect(wal.sizeBytes).toBe(sizeBytes / 2);
  await wal.trim(4);
  expect(await readTexts(wal)).toEqual(["4 d"]);
  await wal.close();

  const reopened = await openTestWal(fs, { segmentBytesMax: 1 });
  expect(reopened.lastPosition).toBe(4);
  expect(await reopened.append(record("e"))).toBe(5);
  await reopened.trim(5);
  expect(await readTexts(reopened)).toEqual(["5 e"]);
});

test("when all records are trimmed, the segment that was written to goes, and positions go on after a restart", async () => {
  const fs = faultDisk();
  const wal = await openTestWal(fs, { trimmedBytesMax: 0 });
  await wal.append(record("a"));
  await wal.append(record("b"));
  await wal.trim(1);
  expect(await readTexts(wal)).toEqual(["1 a", "2 b"]);
  const appended = wal.append(record("c"));
  await Promise.all([appended, wal.trim(2), wal.trim(2)]);
  expect(await readTexts(wal, 3)).toEqual(["3 c"]);
  await wal.trim(3);
  await wal.trim(3);
  expect((await fs.list(directory)).filter((name) => name.endsWith(".wal")).length).toBe(1);
  expect(await readTexts(wal)).toEqual([]);
  await wal.close();
  await wal.trim(3);

  const reopened = await openTestWal(fs);
  expect(reopened.lastPosition).toBe(3);
  expect(await reopened.append(record("d"))).toBe(4);
  expect(await readTexts(reopened)).toEqual(["4 d"]);
});

test("a reader goes on behind segments that are trimmed under it", async () => {
  const fs = faultDisk();
  const wal = await openTestWal(fs, { segmentBytesMax: 1, metrics: { ...quietMetrics, counter: refuseLost } });
  for (const text of ["a", "b", "c", "d"]) {
    await wal.append(record(text));
  }
  const seen: number[] = [];
  for await (const { position } of wal.read(1)) {
    seen.push(position);
    await wal.trim(3);
  }
  expect(seen).toEqual([1, 4]);
});

function refuseLost(name: string): { add(): void } {
  return {
    add() {
      expect(name).not.toBe("sluice_wal_lost_records_total");
    },
  };
}

test("a reader sees what was durable when it began, and not what is on its way", async () => {
  const wal = await openTestWal(faultDisk());
  await wal.append(record("a"));
  await wal.append(record("b"));
  const seen: number[] = [];
  for await (const { position } of wal.read(1)) {
    seen.push(position);
    await wal.append(record("later"));
  }
  expect(seen).toEqual([1, 2]);
});

test("firstPosition skips what is covered elsewhere, without a word of missing records", async () => {
  const fs = faultDisk();
  const metrics = { ...quietMetrics, counter: refuseLost };
  const wal = await openTestWal(fs, { firstPosition: 100, metrics });
  expect(wal.lastPosition).toBe(99);
  expect(await wal.append(record("a"))).toBe(100);
  await wal.close();

  const older = await openTestWal(fs, { firstPosition: 50, metrics });
  expect(await older.append(record("b"))).toBe(101);
  await older.close();

  const newer = await openTestWal(fs, { firstPosition: 200, metrics });
  expect(await readTexts(newer)).toEqual(["100 a", "101 b"]);
  expect(await newer.append(record("c"))).toBe(200);
  expect(await readTexts(newer)).toEqual(["100 a", "101 b", "200 c"]);
});

test.for(["sync", "append"] as const)(
  "a failed %s is fatal: everything rejects and nothing more is taken",
  async (failing) => {
    const fs = faultDisk();
    const fatal: Error[] = [];
    const wal = await openTestWal(fs, { onFatal: (error) => void fatal.push(error) });
    await wal.append(record("good"));
    fs.intercept = (operation) => {
      if (operation === failing) {
        throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
      }
    };
    const first = wal.append(record("first"));
    const settled = Promise.allSettled([first, wal.append(record("second"))]);
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = wal.append(record("waiting"));
    await expect(waiting).rejects.toMatchObject({
      code: "unavailable",
      message: "the WAL in /wal failed: EIO: i/o error",
    });
    expect((await settled).map((one) => one.status)).toEqual(["rejected", "rejected"]);
    expect(fatal.map((error) => error.message)).toEqual(["the WAL in /wal failed: EIO: i/o error"]);
    fs.intercept = undefined;
    await expect(wal.append(record("later"))).rejects.toMatchObject({ code: "unavailable" });
    expect(await readTexts(wal)).toEqual(["1 good"]);
    await wal.close();
  },
);

test("close waits for the appends under way and refuses later ones", async () => {
  const fs = faultDisk();
  const wal = await openTestWal(fs);
  const appended = wal.append(record("a"));
  await Promise.all([wal.close(), wal.close()]);
  expect(await appended).toBe(1);
  await expect(wal.append(record("b"))).rejects.toMatchObject({
    code: "unavailable",
    message: "the WAL in /wal is closed",
  });
  expect((await fs.list(directory)).filter((name) => name.startsWith("lock-"))).toEqual([]);
});

test("the names of the directories that it makes are durable", async () => {
  const fs = faultDisk();
  const synced: string[] = [];
  fs.intercept = (operation, path) => void (operation === "syncDirectory" && synced.push(path));
  await openTestWal(fs, { directory: "/a/b/wal" });
  expect(new Set(synced)).toEqual(new Set(["/", "/a", "/a/b", "/a/b/wal"]));
});

test("an unusable directory is said in one sentence", async () => {
  await using temporary = await temporaryDirectory();
  await (await nodeFileSystem.open(`${temporary.path}/file`, "create")).close();
  await expect(openTestWal(nodeFileSystem, { directory: `${temporary.path}/file/wal` })).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/^cannot open the WAL in .*\/file\/wal: ENOTDIR: /u),
  });
});
