import { rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { FileSystem } from "@sluice/model";
import { nodeFileSystem } from "@sluice/model/node";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { openFileSystemObjectStore } from "./file-system.ts";
import type { ObjectStore } from "./object-store.ts";
import { objectStoreSuite } from "./testing/suite.ts";

function open(directory: string, fs: FileSystem = nodeFileSystem): Promise<ObjectStore> {
  return openFileSystemObjectStore({ directory, fs });
}

objectStoreSuite("the store in a directory", async () => {
  const temporary = await temporaryDirectory();
  const store = await open(`${temporary.path}/objects`);
  return { store, [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose]() };
});

const body = [new TextEncoder().encode("body")];

/** The file system, with the calls that change something written down, and failing where `fails` says so. */
function watched(fails: (call: string) => string | undefined = () => undefined): { fs: FileSystem; calls: string[] } {
  const calls: string[] = [];
  const base = nodeFileSystem;
  const say = (name: string, ...paths: string[]): void => {
    const call = [name, ...paths.map((path) => path.replace(/.*\/objects/u, "").replace(/[0-9a-f-]{36}/u, "*"))].join(
      " ",
    );
    calls.push(call);
    const code = fails(call);
    if (code !== undefined) {
      throw Object.assign(new Error(`${code}: told to fail`), { code });
    }
  };
  const fs: FileSystem = {
    ...base,
    async open(path, mode) {
      say(`open ${mode}`, path);
      const file = await base.open(path, mode);
      return {
        read: (target, position) => file.read(target, position),
        async append(parts) {
          say("append", path);
          await file.append(parts);
        },
        async sync() {
          say("sync", path);
          await file.sync();
        },
        truncate: (sizeBytes) => file.truncate(sizeBytes),
        sizeBytes: () => file.sizeBytes(),
        close: () => file.close(),
      };
    },
    async makeDirectory(path) {
      say("makeDirectory", path);
      await base.makeDirectory(path);
    },
    async rename(from, to) {
      say("rename", from, to);
      await base.rename(from, to);
    },
    async link(from, to) {
      say("link", from, to);
      await base.link(from, to);
    },
    async remove(path) {
      say("remove", path);
      await base.remove(path);
    },
    async syncDirectory(path) {
      say("syncDirectory", path);
      await base.syncDirectory(path);
    },
  };
  return { fs, calls };
}

test.for([
  { options: {}, named: "rename /~temporary/* /a/b/c" },
  { options: { ifAbsent: true }, named: "link /~temporary/* /a/b/c" },
])(
  "an object gets its name when its bytes are durable, and then the name is made so: $named",
  async ({ options, named }) => {
    await using temporary = await temporaryDirectory();
    const { fs, calls } = watched();
    const store = await open(`${temporary.path}/objects`, fs);
    calls.length = 0;
    await store.put("a/b/c", body, options);
    expect(calls).toEqual([
      "open create /~temporary/*",
      "append /~temporary/*",
      "sync /~temporary/*",
      "makeDirectory /a/b",
      "syncDirectory /a",
      "syncDirectory ",
      named,
      "syncDirectory /a/b",
      "remove /~temporary/*",
    ]);
    calls.length = 0;
    await store.put("a/b/d", body);
    expect(calls).not.toContain("makeDirectory /a/b");
    calls.length = 0;
    await store.remove("a/b/c");
    expect(calls).toEqual(["remove /a/b/c", "syncDirectory /a/b"]);
  },
);

test("whoever loses a race has the winner's name made durable before it hears of it", async () => {
  await using temporary = await temporaryDirectory();
  const { fs, calls } = watched();
  const store = await open(`${temporary.path}/objects`, fs);
  await store.put("a/b", body);
  calls.length = 0;
  await expect(store.put("a/b", body, { ifAbsent: true })).rejects.toMatchObject({ code: "already_exists" });
  expect(calls.slice(-3)).toEqual(["link /~temporary/* /a/b", "remove /~temporary/*", "syncDirectory /a"]);
});

test.for(["open create", "append", "sync", "makeDirectory", "rename", "syncDirectory /a"])(
  "a put that fails at %s says so, leaves no part of an object, and works the next time",
  async (failing) => {
    await using temporary = await temporaryDirectory();
    let isFailing = false;
    const { fs } = watched((call) => (isFailing && call.startsWith(failing) ? "ENOSPC" : undefined));
    const store = await open(`${temporary.path}/objects`, fs);
    await store.put("other", body);
    isFailing = true;
    await expect(store.put("a/b", body)).rejects.toMatchObject({
      code: "unavailable",
      message: "cannot write object a/b: ENOSPC: told to fail",
    });
    isFailing = false;
    expect(await nodeFileSystem.list(`${temporary.path}/objects/~temporary`)).toEqual([]);
    expect([undefined, 4]).toContain((await store.stat("a/b"))?.sizeBytes);
    await store.put("a/b", body);
    expect(new TextDecoder().decode(await store.get("a/b"))).toBe("body");
  },
);

test("what a killed process left unfinished is never listed, and goes at the next start", async () => {
  await using temporary = await temporaryDirectory();
  const directory = `${temporary.path}/objects`;
  const store = await open(directory);
  await store.put("a", body);
  await writeFile(`${directory}/~temporary/left-over`, "half an obj");
  const listed: string[] = [];
  for await (const { key } of store.list("")) {
    listed.push(key);
  }
  expect(listed).toEqual(["a"]);
  await open(directory);
  expect(await nodeFileSystem.list(`${directory}/~temporary`)).toEqual([]);
  expect((await store.get("a")).length).toBe(4);
});

test.for(["~temporary", "a"])("a put survives that %s is removed under it", async (name) => {
  await using temporary = await temporaryDirectory();
  const directory = `${temporary.path}/objects`;
  let isRemoving = false;
  const { fs } = watched((call) => {
    if (isRemoving && call.startsWith("link")) {
      isRemoving = false;
      rmSync(`${directory}/${name}`, { recursive: true });
    }
    return undefined;
  });
  const store = await open(directory, fs);
  await store.put("a/1", body);
  isRemoving = true;
  await store.put("a/2", body, { ifAbsent: true });
  expect((await store.get("a/2")).length).toBe(4);
});

test("files that can be no object are not listed", async () => {
  await using temporary = await temporaryDirectory();
  const store = await open(temporary.path);
  await nodeFileSystem.makeDirectory(`${temporary.path}/lost+found`);
  await writeFile(`${temporary.path}/lost+found/1`, "");
  await writeFile(`${temporary.path}/a b`, "");
  expect(await store.list("")[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
});

test("a key that continues another one is refused in both orders", async () => {
  await using temporary = await temporaryDirectory();
  const store = await open(temporary.path);
  await store.put("file", body);
  await store.put("folder/file", body);
  for (const options of [{}, { ifAbsent: true }]) {
    for (const key of ["file/below", "file/far/below", "folder"]) {
      await expect(store.put(key, body, options), key).rejects.toMatchObject({
        code: "bad_data",
        message: `object key ${key} continues another object's key, or another continues it`,
      });
    }
  }
  expect((await store.get("file")).length).toBe(4);
  expect((await store.get("folder/file")).length).toBe(4);
});

test("two stores on one directory see each other's objects, and one wins each race", async () => {
  await using temporary = await temporaryDirectory();
  const stores = [await open(temporary.path), await open(temporary.path)];
  for (let round = 0; round < 20; round++) {
    const settled = await Promise.allSettled(stores.map((store) => store.put(`${round}`, body, { ifAbsent: true })));
    expect(settled.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await stores[0]!.stat(`${round}`)).toEqual(await stores[1]!.stat(`${round}`));
  }
});

test("a directory that cannot be used is said in one sentence", async () => {
  await using temporary = await temporaryDirectory();
  await writeFile(`${temporary.path}/file`, "");
  await expect(open(`${temporary.path}/file/objects`)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/^cannot use .*\/file\/objects as an object store: ENOTDIR: [^\n]*$/u),
  });
  const { fs } = watched((call) => (call.startsWith("open create /~temporary/") ? "EROFS" : undefined));
  await expect(open(`${temporary.path}/objects`, fs)).rejects.toMatchObject({
    code: "unavailable",
    message: `cannot use ${temporary.path}/objects as an object store: EROFS: told to fail`,
  });
});
