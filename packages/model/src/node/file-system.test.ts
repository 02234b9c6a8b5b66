import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeFileDurably } from "../durable-file.ts";
import { nodeFileSystem as fs } from "./file-system.ts";

test("appended parts come back in order, also more of them than one system call takes", async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), "sluice-test-"));
  const path = join(directory.path, "parts");
  const file = await fs.open(path, "create");
  const parts = Array.from({ length: 3000 }, (_, i) => Uint8Array.of(i % 251, i % 7));
  await file.append(parts);
  await file.sync();
  expect(await file.sizeBytes()).toBe(6000);
  await file.close();
  expect([...(await fs.readFile(path))]).toEqual(parts.flatMap((part) => [...part]));
});

test("a file is replaced as a whole, a left-over temporary file does not matter", async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), "sluice-test-"));
  const path = join(directory.path, "state");
  await (await fs.open(`${path}.tmp`, "create")).close();
  await writeFileDurably(fs, path, Uint8Array.of(1));
  await writeFileDurably(fs, path, Uint8Array.of(2));
  expect([...(await fs.readFile(path))]).toEqual([2]);
  expect(await fs.list(directory.path)).toEqual(["state"]);
});

test("create refuses an existing file, stat of a missing one is undefined", async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), "sluice-test-"));
  const path = join(directory.path, "once");
  await (await fs.open(path, "create")).close();
  await expect(fs.open(path, "create")).rejects.toMatchObject({ code: "EEXIST" });
  expect(await fs.stat(join(directory.path, "missing"))).toBeUndefined();
});
