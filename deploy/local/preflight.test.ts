import { createServer, type AddressInfo } from "node:net";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { checkPort, prepareDirectory } from "./preflight.ts";

test("a busy port is one sentence that names it; a free one is left free", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const { port } = holder.address() as AddressInfo;
  await expect(checkPort("127.0.0.1", port)).rejects.toThrow(
    `port ${port} on 127.0.0.1 is in use; stop what holds it or choose another with --port`,
  );
  await new Promise((resolve) => holder.close(resolve));
  await checkPort("127.0.0.1", port);
  await checkPort("127.0.0.1", port);
});

test("a data directory is made with its parents", async () => {
  await using directory = await temporaryDirectory();
  prepareDirectory(join(directory.path, "a/b"));
  expect(existsSync(join(directory.path, "a/b"))).toBe(true);
});

test("a file in the way is one sentence that names the directory", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "file");
  writeFileSync(file, "");
  for (const path of [file, join(file, "below")]) {
    expect(() => prepareDirectory(path)).toThrow(
      `cannot write to the data directory ${path}: a file is in the way (choose another with --data)`,
    );
  }
});

test("a directory of somebody else's is one sentence that names it", async () => {
  await using directory = await temporaryDirectory();
  chmodSync(directory.path, 0o555);
  const path = join(directory.path, "data");
  const isRoot = process.getuid!() === 0;
  if (isRoot) {
    process.seteuid!(65_534);
  }
  try {
    expect(() => prepareDirectory(path)).toThrow(`cannot write to the data directory ${path}: permission denied`);
  } finally {
    if (isRoot) {
      process.seteuid!(0);
    }
  }
});
