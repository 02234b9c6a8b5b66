import { faultDisk } from "@sluice/testkit";
import { expect, test } from "vitest";
import { directory, openTestWal, readTexts, record } from "./harness.ts";

test("a full disk refuses the group as a whole, and appending goes on when there is space", async () => {
  const fs = faultDisk();
  const wal = await openTestWal(fs);
  await wal.append(record("good"));
  const sizeBytes = wal.sizeBytes;
  fs.capacityBytes = sizeBytes + 60;
  const settled = await Promise.allSettled([wal.append(record("fits")), wal.append(record("does not fit"))]);
  expect(settled.map((one) => one.status === "rejected" && one.reason.code)).toEqual(["unavailable", "unavailable"]);
  await expect(wal.append(record("x".repeat(100)))).rejects.toMatchObject({
    message: expect.stringMatching(/^no space left to append to the WAL segment \/wal\/.*\.wal$/u),
  });
  expect(wal.sizeBytes).toBe(sizeBytes);
  expect(await readTexts(await openTestWal(fs))).toEqual(["1 good"]);

  expect(await wal.append(record("small"))).toBe(2);
  fs.capacityBytes = Number.POSITIVE_INFINITY;
  expect(await wal.append(record("large ".repeat(100)))).toBe(3);
  expect(await readTexts(wal)).toEqual(["1 good", "2 small", `3 ${"large ".repeat(100)}`]);
});

test("a refused record does not come back with a power cut, wherever the disk was with its writing", async () => {
  const fs = faultDisk();
  const wal = await openTestWal(fs);
  await wal.append(record("good"));
  fs.capacityBytes = wal.sizeBytes + 60;
  fs.intercept = (operation) => void (operation === "truncate" && fs.writeBack());
  await Promise.allSettled([wal.append(record("fits")), wal.append(record("does not fit"))]);
  fs.powerCut({ next: () => 0.999 });
  expect(await readTexts(await openTestWal(fs))).toEqual(["1 good"]);
});

test("a full disk at the start of a segment leaves nothing behind", async () => {
  const fs = faultDisk();
  const wal = await openTestWal(fs, { segmentBytesMax: 1 });
  await wal.append(record("good"));
  const { sizeBytes } = wal;
  for (const room of [0, 10, 36, 40]) {
    fs.capacityBytes = sizeBytes + room;
    await expect(wal.append(record("refused"))).rejects.toMatchObject({ code: "unavailable" });
  }
  fs.capacityBytes = Number.POSITIVE_INFINITY;
  expect(await wal.append(record("next"))).toBe(2);
  expect(await readTexts(wal)).toEqual(["1 good", "2 next"]);
  await wal.close();
  expect(await readTexts(await openTestWal(fs))).toEqual(["1 good", "2 next"]);
});

test("the log opens, reads and trims on a full disk", async () => {
  const fs = faultDisk();
  const wal = await openTestWal(fs, { segmentBytesMax: 1 });
  await wal.append(record("a"));
  await wal.append(record("b"));
  fs.capacityBytes = 0;
  const reopened = await openTestWal(fs);
  expect(await readTexts(reopened)).toEqual(["1 a", "2 b"]);
  await reopened.trim(1);
  expect(await readTexts(reopened)).toEqual(["2 b"]);
  expect((await fs.list(directory)).filter((name) => name.endsWith(".wal")).length).toBe(1);
});

test("trimming all records frees the segment that is written to, so that a full disk takes records again", async () => {
  const fs = faultDisk();
  const wal = await openTestWal(fs, { trimmedBytesMax: 1000 });
  await wal.append(record("x".repeat(2000)));
  fs.capacityBytes = wal.sizeBytes + 500;
  await expect(wal.append(record("y".repeat(1500)))).rejects.toMatchObject({ code: "unavailable" });
  await wal.trim(1);
  expect(wal.sizeBytes).toBe(36);
  expect(await wal.append(record("y".repeat(1500)))).toBe(2);
  await wal.close();
  const reopened = await openTestWal(fs);
  expect(await readTexts(reopened)).toEqual([`2 ${"y".repeat(1500)}`]);
});

test("a disk without room for the next segment keeps the trimmed one, and the next trim tries again", async () => {
  const fs = faultDisk();
  const wal = await openTestWal(fs, { trimmedBytesMax: 1000 });
  await wal.append(record("x".repeat(2000)));
  const { sizeBytes } = wal;
  fs.capacityBytes = sizeBytes + 10;
  await wal.trim(1);
  expect(wal.sizeBytes).toBe(sizeBytes);
  fs.capacityBytes = Number.POSITIVE_INFINITY;
  await wal.trim(1);
  expect(wal.sizeBytes).toBe(36);
  expect(await wal.append(record("next"))).toBe(2);
});

test("when the way back from a full disk fails as well, it is fatal", async () => {
  const fs = faultDisk();
  const fatal: Error[] = [];
  const wal = await openTestWal(fs, { onFatal: (error) => void fatal.push(error) });
  await wal.append(record("good"));
  fs.capacityBytes = wal.sizeBytes + 5;
  fs.intercept = (operation) => {
    if (operation === "truncate") {
      throw new Error("EIO: i/o error");
    }
  };
  await expect(wal.append(record("refused"))).rejects.toMatchObject({ code: "unavailable" });
  expect(fatal.length).toBe(1);
});
