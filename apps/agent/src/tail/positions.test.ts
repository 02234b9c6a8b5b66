import { closeSync, openSync, statSync } from "node:fs";
import { appendFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FileSystem } from "@sluice/model";
import { nodeFileSystem } from "@sluice/model/node";
import { quietLogger, temporaryDirectory, virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { TimeSource } from "./assigned-times.ts";
import type { FilePosition } from "./file-position.ts";
import { readHead } from "./identity.ts";
import { Positions } from "./positions.ts";

const clock = virtualClock();

function openPositions(directory: string, fs: FileSystem = nodeFileSystem, targets = ["job"]): Promise<Positions> {
  return Positions.open({
    fs,
    clock,
    logger: quietLogger,
    path: join(directory, "positions.yaml"),
    clientCount: 1,
    targets: new Set(targets),
  });
}

/** Resumes as the reader does, and as if `readBytes` had been read. */
function resume(positions: Positions, path: string, readBytes = 0, target = "job"): FilePosition {
  const fd = openSync(path, "r");
  try {
    const stat = statSync(path, { bigint: true });
    const found = { target, path, dev: String(stat.dev), ino: String(stat.ino), sizeBytes: Number(stat.size) };
    const position = positions.resume(found, fd);
    if (readBytes > 0) {
      position.head = readHead(fd, readBytes);
    }
    return position;
  } finally {
    closeSync(fd);
  }
}

test("a position is found again by inode, under another name and with the old path", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "app.log");
  await writeFile(path, "0123456789");
  const positions = await openPositions(directory.path);
  resume(positions, path, 10).acknowledge(0, 7);
  await positions.save();
  await positions.close();
  await rename(path, `${path}.1`);
  const again = await openPositions(directory.path);
  const position = resume(again, `${path}.1`);
  expect({ path: position.path, offset: position.offset }).toEqual({ path, offset: 7 });
  await again.close();
});

test.for([
  { title: "an inode that was used again", content: "other text here", want: 0 },
  { title: "a file that was cut", content: "01234", want: 0 },
  { title: "the same file, grown", content: "0123456789 and more", want: 7 },
])("$title", async ({ content, want }) => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "app.log");
  await writeFile(path, "0123456789");
  const positions = await openPositions(directory.path);
  resume(positions, path, 10).acknowledge(0, 7);
  await positions.save();
  await positions.close();
  // The same inode, another content.
  await writeFile(path, content);
  const again = await openPositions(directory.path);
  expect(resume(again, path).offset).toBe(want);
  await again.close();
});

test("a job of another name takes the position over; a second job does not", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "app.log");
  await writeFile(path, "0123456789");
  const positions = await openPositions(directory.path);
  resume(positions, path, 10).acknowledge(0, 7);
  await positions.save();
  await positions.close();
  const second = await openPositions(directory.path, nodeFileSystem, ["job", "other"]);
  expect(resume(second, path, 0, "other").offset).toBe(0);
  expect(resume(second, path).offset).toBe(7);
  await second.close();
  const renamed = await openPositions(directory.path, nodeFileSystem, ["renamed"]);
  expect(resume(renamed, path, 0, "renamed").offset).toBe(7);
  await renamed.close();
});

test("a damaged checkpoint, at every byte: what is before the damage counts, the rest is set aside, it starts", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "app.log");
  await writeFile(path, "0123456789");
  const positions = await openPositions(directory.path);
  resume(positions, path, 10).acknowledge(0, 7);
  await positions.save();
  await positions.close();
  const checkpoint = join(directory.path, "positions.yaml.checkpoint");
  const good = await readFile(checkpoint);
  for (let i = 0; i < good.length; i += 7) {
    const bad = Buffer.from(good);
    bad[i]! ^= 0x10;
    await writeFile(checkpoint, bad);
    const again = await openPositions(directory.path);
    // The copy for Promtail, which knows no inodes, still has the offset.
    expect(resume(again, path).offset, `byte ${i}`).toBe(7);
    await again.close();
    expect(await readFile(`${checkpoint}.bad`)).toEqual(bad);
  }
});

test("assigned times survive a crash once they are persisted, also behind a torn record", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "app.log");
  await writeFile(path, "0123456789");
  const source = new TimeSource(clock);
  const positions = await openPositions(directory.path);
  const position = resume(positions, path, 10);
  const first = position.times.at(0, 5, source);
  await positions.persist([{ position, range: first }]);
  expect(first.isDurable).toBe(true);
  position.times.at(5, 10, source);
  // As after SIGKILL: nothing is closed, and the next record is torn.
  await appendFile(join(directory.path, "positions.yaml.manifest"), '0a0b0c0d {"target":"jo');
  const again = await openPositions(directory.path);
  const { times, offset } = resume(again, path);
  expect(offset).toBe(0);
  expect(times.ranges).toEqual([first]);
  const second = { position: resume(again, path), range: times.at(5, 10, source) };
  await again.persist([second]);
  const third = await openPositions(directory.path);
  expect(resume(third, path).times.ranges).toEqual([first, second.range]);
  await Promise.all([positions, again, third].map((open) => open.close()));
});

test("when the manifest cannot be written a checkpoint takes its place; when nothing can, nothing is durable", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "app.log");
  await writeFile(path, "0123456789");
  const full = { manifest: false, all: false };
  const noSpace = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  const fs: FileSystem = {
    ...nodeFileSystem,
    async open(name, mode) {
      const file = await nodeFileSystem.open(name, mode);
      return {
        read: (target, at) => file.read(target, at),
        append: (parts) =>
          full.all || (full.manifest && name.endsWith(".manifest")) ? Promise.reject(noSpace) : file.append(parts),
        sync: () => file.sync(),
        truncate: (size) => file.truncate(size),
        sizeBytes: () => file.sizeBytes(),
        close: () => file.close(),
      };
    },
  };
  const positions = await openPositions(directory.path, fs);
  const position = resume(positions, path, 10);
  const range = position.times.at(0, 5, new TimeSource(clock));
  full.all = true;
  await expect(positions.persist([{ position, range }])).rejects.toThrow("no space left on device");
  expect(range.isDurable).toBe(false);
  full.all = false;
  full.manifest = true;
  await positions.persist([{ position, range }]);
  const again = await openPositions(directory.path);
  expect(resume(again, path).times.ranges).toEqual([range]);
  await Promise.all([positions.close(), again.close()]);
});

test("times persisted behind a write that was torn survive a crash", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "app.log");
  await writeFile(path, "0123456789");
  const noSpace = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  let isFull = false;
  const fs: FileSystem = {
    ...nodeFileSystem,
    async open(name, mode) {
      const file = await nodeFileSystem.open(name, mode);
      return {
        read: (target, at) => file.read(target, at),
        async append(parts) {
          await file.append(isFull ? [parts[0]!.subarray(0, 20)] : parts);
          if (isFull) {
            throw noSpace;
          }
        },
        sync: () => file.sync(),
        truncate: (size) => file.truncate(size),
        sizeBytes: () => file.sizeBytes(),
        close: () => file.close(),
      };
    },
  };
  const positions = await openPositions(directory.path, fs);
  const position = resume(positions, path, 10);
  const source = new TimeSource(clock);
  const ranges = [position.times.at(0, 5, source), position.times.at(5, 10, source)] as const;
  isFull = true;
  await expect(positions.persist([{ position, range: ranges[0] }])).rejects.toThrow("no space left on device");
  isFull = false;
  for (const range of ranges) {
    await positions.persist([{ position, range }]);
  }
  const again = await openPositions(directory.path);
  expect(resume(again, path).times.ranges).toEqual(ranges);
  await Promise.all([positions.close(), again.close()]);
});

test("a machine that slept for days forgets no file that is followed", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "app.log");
  await writeFile(path, "0123456789");
  const positions = await openPositions(directory.path);
  const position = resume(positions, path, 10);
  position.acknowledge(0, 7);
  await clock.advance(72 * 3_600_000);
  // Positions are saved before the file is looked at again.
  await positions.save();
  position.seenMs = clock.nowMs();
  await positions.save();
  await positions.close();
  const again = await openPositions(directory.path);
  expect(resume(again, path).offset).toBe(7);
  await again.close();
});

test("the first start goes on from Promtail's positions; later ones from our own", async () => {
  await using directory = await temporaryDirectory();
  const [known, longer, fresh] = ["known.log", "longer.log", "fresh.log"].map((name) => join(directory.path, name));
  await Promise.all([known, longer, fresh].map((path) => writeFile(path!, "0123456789")));
  await writeFile(
    join(directory.path, "positions.yaml"),
    `positions:\n  ${known}: "4"\n  ${longer}: "400"\n  cursor-journal: "s=abc"\n`,
  );
  const positions = await openPositions(directory.path);
  expect([known, longer, fresh].map((path) => resume(positions, path!).offset)).toEqual([4, 0, 0]);
  await positions.save();
  await positions.close();
  await writeFile(join(directory.path, "positions.yaml"), `positions:\n  ${fresh}: "9"\n`);
  const again = await openPositions(directory.path);
  expect(resume(again, fresh!).offset).toBe(0);
  await again.close();
});

test.for(["positions: [", "{}", "\0\0\0\0", "positions: 7"])(
  "a file of Promtail's that cannot be read: %j",
  async (text) => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, "positions.yaml"), text);
    const path = join(directory.path, "app.log");
    await writeFile(path, "0123456789");
    const positions = await openPositions(directory.path);
    expect(resume(positions, path).offset).toBe(0);
    await positions.close();
  },
);

test("files that are gone and sent are forgotten, those not seen for a day too", async () => {
  await using directory = await temporaryDirectory();
  const [gone, old, kept] = ["gone.log", "old.log", "kept.log"].map((name) => join(directory.path, name));
  await Promise.all([gone, old, kept].map((path) => writeFile(path!, "0123456789")));
  const positions = await openPositions(directory.path);
  const goneAt = resume(positions, gone!, 10);
  resume(positions, old!, 10);
  const keptAt = resume(positions, kept!, 10);
  goneAt.endOffset = 10;
  await rm(gone!);
  const saved = async (): Promise<string[]> => {
    await positions.save();
    const text = await readFile(join(directory.path, "positions.yaml.checkpoint"), "utf8");
    return [...text.matchAll(/"path":"[^"]*\/(\w+)\.log"/gu)].map(([, name]) => name!);
  };
  expect(await saved()).toEqual(["gone", "old", "kept"]);
  goneAt.acknowledge(0, 10);
  expect(await saved()).toEqual(["old", "kept"]);
  for (let hours = 0; hours < 25; hours += 5) {
    await clock.advance(5 * 3_600_000);
    keptAt.seenMs = clock.nowMs();
    await positions.save();
  }
  expect(await saved()).toEqual(["kept"]);
  await positions.close();
});
