import { writeFile } from "node:fs/promises";
import { nodeFileSystem, systemClock, systemRng } from "@sluice/model/node";
import { quietLogger, quietMetrics, temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { ServerConfig } from "../config.ts";
import { openStorage, type Storage } from "./open-storage.ts";

function open(dataDirectory: string, config: unknown = {}): Promise<Storage> {
  const { common, storage_config } = ServerConfig.parse(config);
  return openStorage({
    common,
    config: storage_config,
    dataDirectory,
    fs: nodeFileSystem,
    clock: systemClock,
    rng: systemRng,
    logger: quietLogger,
    metrics: quietMetrics,
    signal: new AbortController().signal,
  });
}

test("by default segments are below the data directory, under the name that it always had", async () => {
  await using directory = await temporaryDirectory();
  await using storage = await open(directory.path);
  await storage.objectStore.put("a", [new Uint8Array(1)]);
  expect(await nodeFileSystem.list(directory.path)).toEqual(["store"]);
  expect(storage).toMatchObject({ isShared: false, storeOptions: { walName: "wal" } });
});

test.for([
  { title: "storage_config", config: (path: string) => ({ storage_config: { filesystem: { directory: path } } }) },
  { title: "common", config: (path: string) => ({ common: { storage: { filesystem: { chunks_directory: path } } } }) },
])("another directory may be shared, so each server has a name that stays: $title", async ({ config }) => {
  await using directory = await temporaryDirectory();
  const names: unknown[] = [];
  for (const data of ["one", "other", "one"]) {
    const dataDirectory = `${directory.path}/${data}`;
    await nodeFileSystem.makeDirectory(dataDirectory);
    await using storage = await open(dataDirectory, config(`${directory.path}/shared`));
    await storage.objectStore.put(data, [new Uint8Array(1)]);
    expect(storage.isShared).toBe(true);
    names.push(storage.storeOptions.walName);
  }
  expect(names[0]).toMatch(/^server-[0-9a-f]{16}$/u);
  expect(names[1]).not.toBe(names[0]);
  expect(names[2]).toBe(names[0]);
  expect(await nodeFileSystem.list(`${directory.path}/shared`)).toEqual(["one", "other", "~temporary"]);
});

test("a damaged name is not replaced by another one: lines could be shown twice", async () => {
  await using directory = await temporaryDirectory();
  await writeFile(`${directory.path}/instance`, "\0\0");
  const config = { storage_config: { filesystem: { directory: `${directory.path}/shared` } } };
  await expect(open(directory.path, config)).rejects.toMatchObject({
    code: "corrupt",
    message: `${directory.path}/instance does not hold the name of this server`,
  });
});
