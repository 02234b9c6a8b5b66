import { crc32 } from "node:zlib";
import { faultDisk, type FaultDisk, randomInt, seededRng } from "@sluice/testkit";
import { expect, test } from "vitest";
import { directory, openTestWal, readTexts, record, recordingLogger } from "./harness.ts";

const texts = ["alpha", "", "gamma gamma", "delta", "epsilon epsilon epsilon"];
const written = texts.map((text, i) => `${i + 1} ${text}`);
const recordHeaderBytes = 24;
const segmentHeaderBytes = 36;

/** A log of {@link texts}, closed, in one segment or one record a segment; written one by one, or all at once. */
async function writtenLog(segmentBytesMax = 1 << 20, isOneWrite = false): Promise<{ fs: FaultDisk; paths: string[] }> {
  const fs = faultDisk();
  const wal = await openTestWal(fs, { segmentBytesMax });
  const appends: Promise<unknown>[] = [];
  for (const text of texts) {
    const appended = wal.append(record(text));
    appends.push(appended);
    await (isOneWrite ? undefined : appended);
  }
  await Promise.all(appends);
  await wal.close();
  return { fs, paths: (await fs.list(directory)).map((name) => `${directory}/${name}`) };
}

/** Where each record of {@link texts} ends in a segment that holds them all. */
const endOffsets = texts.map((_, i) =>
  texts.slice(0, i + 1).reduce((sum, text) => sum + recordHeaderBytes + text.length, segmentHeaderBytes),
);

test.for([
  { title: "written one by one", segmentBytesMax: 1 << 20, isOneWrite: false, segmentCount: 1 },
  { title: "written at once", segmentBytesMax: 1 << 20, isOneWrite: true, segmentCount: 1 },
  { title: "the last of several segments", segmentBytesMax: 80, isOneWrite: false, segmentCount: 3 },
])("cut at every byte, $title: what is left is the exact prefix, and appending goes on", async (log) => {
  const { fs, paths } = await writtenLog(log.segmentBytesMax, log.isOneWrite);
  expect(paths.length).toBe(log.segmentCount);
  const last = paths.at(-1)!;
  const whole = fs.contentOf(last);
  // Records before the segment that is cut, and where those in it end.
  const before = Number(/(\d{16})-/u.exec(last)![1]) - 1;
  const ends = endOffsets
    .slice(before)
    .map((end) => end - (endOffsets[before - 1] ?? segmentHeaderBytes) + segmentHeaderBytes);
  expect(whole.length).toBe(ends.at(-1));
  for (let length = 0; length < whole.length; length++) {
    const cut = faultDisk();
    await cut.makeDirectory(directory);
    for (const path of paths) {
      await (await cut.open(path, "create")).close();
      cut.setContent(path, path === last ? whole.slice(0, length) : fs.contentOf(path));
    }
    const logger = recordingLogger();
    const wal = await openTestWal(cut, { logger });
    const kept = ends.filter((end) => end <= length).length;
    const prefix = written.slice(0, before + kept);
    expect(await readTexts(wal), `cut at ${length}`).toEqual(prefix);
    const cutBytes = length - (kept > 0 ? ends[kept - 1]! : Math.min(length, segmentHeaderBytes));
    if (length >= segmentHeaderBytes) {
      expect(logger.messages.map(({ level, fields }) => [level, fields["cutBytes"]])).toEqual(
        cutBytes === 0 ? [] : [["warn", cutBytes]],
      );
    }
    expect(await wal.append(record("next"))).toBe(prefix.length + 1);
    await wal.close();
    expect(await readTexts(await openTestWal(cut))).toEqual([...prefix, `${prefix.length + 1} next`]);
  }
});

test.for([
  { title: "one segment", segmentBytesMax: 1 << 20 },
  { title: "one record a segment", segmentBytesMax: 1 },
])("every bit flipped, $title: never wrong data, and only the record hit is missing", async ({ segmentBytesMax }) => {
  const { fs, paths } = await writtenLog(segmentBytesMax);
  for (const path of paths) {
    const whole = fs.contentOf(path);
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const offset = bit >> 3;
      const flipped = faultDisk();
      await flipped.makeDirectory(directory);
      for (const other of paths) {
        await (await flipped.open(other, "create")).close();
        flipped.setContent(other, fs.contentOf(other));
      }
      const bytes = whole.slice();
      bytes[offset]! ^= 1 << (bit & 7);
      flipped.setContent(path, bytes);
      const logger = recordingLogger();
      const wal = await openTestWal(flipped, { logger });
      const found = await readTexts(wal);
      const title = `${path} byte ${offset} bit ${bit & 7}`;
      expect(written, title).toEqual(expect.arrayContaining(found));
      expect(found, title).toEqual(found.toSorted());
      expect(found.length, title).toBeGreaterThanOrEqual(
        offset < segmentHeaderBytes ? written.length : written.length - 1,
      );
      if (found.length < written.length) {
        expect(logger.messages.length, title).toBeGreaterThan(0);
      }
      const position = await wal.append(record("next"));
      expect(position, title).toBeGreaterThan(Number(found.at(-1)!.split(" ")[0]));
      expect(await readTexts(wal), title).toEqual([...found, `${position} next`]);
    }
  }
});

test("damage before a good record: the segment is kept as .damaged, both sides stay readable, and it is said", async () => {
  const { fs, paths } = await writtenLog();
  const path = paths[0]!;
  const bytes = fs.contentOf(path);
  bytes[endOffsets[1]! + recordHeaderBytes + 3]! ^= 0x10;
  fs.setContent(path, bytes);
  const logger = recordingLogger();
  const wal = await openTestWal(fs, { logger });
  expect(await readTexts(wal)).toEqual(written.toSpliced(2, 1));
  expect(await wal.append(record("next"))).toBe(6);
  expect(await readTexts(wal)).toEqual([...written.toSpliced(2, 1), "6 next"]);
  expect(fs.contentOf(`${path}.damaged`)).toEqual(bytes);
  expect(logger.messages.map(({ level }) => level)).not.toContain("warn");
  expect(logger.messages.find(({ message }) => message === "WAL records are unreadable")?.fields).toMatchObject({
    firstPosition: 3,
    count: 1,
  });

  await wal.trim(6);
  expect(await fs.stat(path)).toBeUndefined();
  expect(fs.contentOf(`${path}.damaged`)).toEqual(bytes);
});

test.for([
  {
    title: "the end of a segment that others follow",
    lose: (fs: FaultDisk, path: string) => truncate(fs, path, 37),
  },
  { title: "a whole segment file", lose: (fs: FaultDisk, path: string) => fs.remove(path) },
  {
    title: "everything of a segment but its name",
    lose: (fs: FaultDisk, path: string) => truncate(fs, path, 0),
  },
])("$title is missing: the rest is read, and it is said", async ({ lose }) => {
  const { fs, paths } = await writtenLog(1);
  await lose(fs, paths[2]!);
  const logger = recordingLogger();
  const wal = await openTestWal(fs, { logger });
  expect(await readTexts(wal)).toEqual(written.toSpliced(2, 1));
  expect(logger.messages.find(({ message }) => message === "WAL records are unreadable")?.fields).toMatchObject({
    firstPosition: 3,
    count: 1,
  });
  const later = recordingLogger();
  await readTexts(await openTestWal(fs, { logger: later }), 4);
  expect(later.messages).toEqual([]);
});

async function truncate(fs: FaultDisk, path: string, sizeBytes: number): Promise<void> {
  fs.setContent(path, fs.contentOf(path).slice(0, sizeBytes));
}

test("a torn write keeps its whole records, without a gap in the positions", async () => {
  const fs = faultDisk();
  const wal = await openTestWal(fs);
  await wal.append(record("durable"));
  await Promise.all(["one", "two", "three"].map((text) => wal.append(record(text))));
  const name = (await fs.list(directory)).find((name) => name.endsWith(".wal"));
  const path = `${directory}/${name}`;
  const bytes = fs.contentOf(path);
  bytes.fill(
    0,
    segmentHeaderBytes + recordHeaderBytes + "durable".length,
    bytes.length - recordHeaderBytes - "three".length,
  );
  fs.setContent(path, bytes);

  const logger = recordingLogger();
  const reopened = await openTestWal(fs, { logger });
  expect(await readTexts(reopened)).toEqual(["1 durable", "2 three"]);
  expect(logger.messages).toMatchObject([{ level: "warn", fields: { lastPosition: 1, recordsKept: 1 } }]);
  expect(await reopened.append(record("next"))).toBe(3);
  expect(await readTexts(await openTestWal(fs))).toEqual(["1 durable", "2 three", "3 next"]);
});

test("a torn write keeps its whole records as they were, however large they are together", async () => {
  const fs = faultDisk();
  const wal = await openTestWal(fs);
  await wal.append(record("durable"));
  const texts = Array.from({ length: 12 }, (_, i) => `${i} `.repeat(100_000));
  await Promise.all(texts.map((text) => wal.append(record(text))));
  const name = (await fs.list(directory)).find((name) => name.endsWith(".wal"));
  const path = `${directory}/${name}`;
  const bytes = fs.contentOf(path);
  const tornAt = segmentHeaderBytes + 2 * recordHeaderBytes + "durable".length;
  bytes.fill(0, tornAt, tornAt + 512);
  fs.setContent(path, bytes);

  const kept = ["durable", ...texts.slice(1)];
  expect(await readTexts(await openTestWal(fs))).toEqual(kept.map((text, i) => `${i + 1} ${text}`));
});

test("the end of the log overwritten with zeros or noise is cut off", async () => {
  const { fs, paths } = await writtenLog();
  const whole = fs.contentOf(paths[0]!);
  const rng = seededRng(5);
  for (const noise of [0, 1]) {
    const bytes = new Uint8Array(whole.length + 3_000_000);
    bytes.set(whole);
    for (let i = whole.length; i < bytes.length && noise === 1; i++) {
      bytes[i] = randomInt(rng, 256);
    }
    fs.setContent(paths[0]!, bytes);
    const wal = await openTestWal(fs);
    expect(await readTexts(wal)).toEqual(written);
    expect(fs.contentOf(paths[0]!).length).toBe(whole.length);
  }
});

test("bytes of a record inside a line are never taken for a record", async () => {
  const fs = faultDisk();
  const wal = await openTestWal(fs);
  // What a record at position 2 of the same write would look like to someone who knows the format but not the salt.
  const forged = new Uint8Array(recordHeaderBytes + 4);
  const view = new DataView(forged.buffer);
  view.setUint32(0, 4, true);
  view.setBigUint64(4, 2n, true);
  view.setUint32(16, crc32(forged.subarray(recordHeaderBytes)), true);
  view.setUint32(20, crc32(forged.subarray(0, 20)), true);
  await wal.append([forged, forged]);
  await wal.close();
  const [name] = await fs.list(directory);
  const bytes = fs.contentOf(`${directory}/${name}`);
  bytes[segmentHeaderBytes]! ^= 1;
  fs.setContent(`${directory}/${name}`, bytes);
  expect(await readTexts(await openTestWal(fs))).toEqual([]);
});

test("a segment of a newer format is refused, not cut", async () => {
  const { fs, paths } = await writtenLog();
  const bytes = fs.contentOf(paths[0]!);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, 2, true);
  view.setUint32(32, crc32(bytes.subarray(0, 32)), true);
  fs.setContent(paths[0]!, bytes);
  await expect(openTestWal(fs)).rejects.toMatchObject({
    code: "corrupt",
    message: expect.stringMatching(/^WAL segment \d{16}-[0-9a-f]{8}\.wal has format version 2, this build reads 1$/u),
  });
  expect(fs.contentOf(paths[0]!)).toEqual(bytes);
});

test("a segment without a readable byte is kept for whoever looks into it", async () => {
  const { fs, paths } = await writtenLog(1);
  fs.setContent(paths[4]!, new Uint8Array(100).fill(0xff));
  const wal = await openTestWal(fs);
  expect(await readTexts(wal)).toEqual(written.slice(0, 4));
  expect(fs.contentOf(`${paths[4]}.damaged`).length).toBe(100);
  expect(await wal.append(record("next"))).toBe(5);
});

test("a record that a later segment proves to have been durable is missed, not cut", async () => {
  const { fs, paths } = await writtenLog(1);
  await truncate(fs, paths[4]!, 0);
  const bytes = fs.contentOf(paths[3]!);
  bytes[bytes.length - 1]! ^= 1;
  fs.setContent(paths[3]!, bytes);
  const logger = recordingLogger();
  const wal = await openTestWal(fs, { logger });
  expect(await readTexts(wal)).toEqual(written.slice(0, 3));
  expect(logger.messages.find(({ message }) => message === "WAL records are unreadable")?.fields).toMatchObject({
    firstPosition: 4,
    count: 1,
  });
  expect(await wal.append(record("next"))).toBe(5);
  expect(fs.contentOf(`${paths[3]}.damaged`)).toEqual(bytes);
});

test("files of other names are left alone", async () => {
  const { fs } = await writtenLog();
  for (const name of ["notes.txt", "1.wal", "0000000000000001-00000000.wal.damaged"]) {
    await (await fs.open(`${directory}/${name}`, "create")).close();
  }
  const wal = await openTestWal(fs);
  expect(await readTexts(wal)).toEqual(written);
  await wal.close();
  expect((await fs.list(directory)).length).toBe(4);
});
