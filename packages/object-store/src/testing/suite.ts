import { isServiceError } from "@sluice/model";
import { describe, expect, test } from "vitest";
import type { ListedObject, ObjectStore } from "../object-store.ts";

/** An empty store; disposing of it removes what the test left. */
export interface TestedObjectStore extends AsyncDisposable {
  readonly store: ObjectStore;
}

/** Checks that a backing keeps the contract of {@link ObjectStore}; every backing's tests run it. */
export function objectStoreSuite(name: string, make: () => Promise<TestedObjectStore>): void {
  describe(`${name} keeps the object store contract:`, () => {
    test("what was put is got, in one piece", async () => {
      await using tested = await make();
      const { store } = tested;
      await store.put("a/b", [bytes("one "), bytes(""), bytes("two")]);
      expect(text(await store.get("a/b"))).toBe("one two");
      expect(await store.stat("a/b")).toEqual({ sizeBytes: 7 });
      await store.put("a/empty", []);
      expect(text(await store.get("a/empty"))).toBe("");
      expect(await store.stat("a/empty")).toEqual({ sizeBytes: 0 });
    });

    test("a put replaces, and neither side shares memory with the store", async () => {
      await using tested = await make();
      const { store } = tested;
      const body = bytes("long old body");
      await store.put("a", [body]);
      body.fill(0);
      const got = await store.get("a");
      expect(text(got)).toBe("long old body");
      got.fill(0);
      expect(text(await store.get("a"))).toBe("long old body");
      await store.put("a", [bytes("new")]);
      expect(text(await store.get("a"))).toBe("new");
    });

    test("what is missing is not found", async () => {
      await using tested = await make();
      const { store } = tested;
      await store.put("folder/object", [bytes("x")]);
      for (const key of ["missing", "folder", "folder/missing", "folder/object/below"]) {
        await expect(store.get(key), key).rejects.toMatchObject({
          code: "not_found",
          message: `object ${key} not found`,
        });
        await expect(store.get(key, { offset: 0, length: 1 }), key).rejects.toMatchObject({ code: "not_found" });
        expect(await store.stat(key), key).toBeUndefined();
        await store.remove(key);
      }
      expect(text(await store.get("folder/object"))).toBe("x");
    });

    test("remove removes, and the key is free again", async () => {
      await using tested = await make();
      const { store } = tested;
      await store.put("a/b", [bytes("x")], { ifAbsent: true });
      await store.remove("a/b");
      expect(await store.stat("a/b")).toBeUndefined();
      expect(await keys(store.list(""))).toEqual([]);
      await store.put("a/b", [bytes("y")], { ifAbsent: true });
      expect(text(await store.get("a/b"))).toBe("y");
    });

    test.for([
      { range: { offset: 0, length: 10 }, want: "0123456789" },
      { range: { offset: 0, length: 1 }, want: "0" },
      { range: { offset: 3, length: 4 }, want: "3456" },
      { range: { offset: 9, length: 1 }, want: "9" },
      { range: { offset: 8, length: 5 }, want: "89" },
      { range: { offset: 0, length: Number.MAX_SAFE_INTEGER }, want: "0123456789" },
    ])("range $range.offset + $range.length of ten bytes", async ({ range, want }) => {
      await using tested = await make();
      await tested.store.put("a", [bytes("01234"), bytes("56789")]);
      expect(text(await tested.store.get("a", range))).toBe(want);
    });

    test("a range that begins at the end or past it is refused", async () => {
      await using tested = await make();
      const { store } = tested;
      await store.put("a", [bytes("0123456789")]);
      await store.put("empty", []);
      for (const [key, offset] of [
        ["a", 10],
        ["a", 11],
        ["empty", 0],
      ] as const) {
        await expect(store.get(key, { offset, length: 1 })).rejects.toMatchObject({ code: "bad_data" });
      }
    });

    test("a large object comes back byte for byte, whole and in ranges", async () => {
      await using tested = await make();
      const { store } = tested;
      const part = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 7919) >> 8);
      await store.put(
        "large",
        Array.from({ length: 17 }, (_, i) => part.subarray(i)),
      );
      const sizeBytes = 17 * part.length - 136;
      expect(await store.stat("large")).toEqual({ sizeBytes });
      const whole = await store.get("large");
      expect(whole.length).toBe(sizeBytes);
      expect(Buffer.compare(whole.subarray(0, part.length), part)).toBe(0);
      expect(Buffer.compare(whole.subarray(sizeBytes - part.length + 16), part.subarray(16))).toBe(0);
      const range = { offset: 5_000_001, length: 3_000_003 };
      const middle = await store.get("large", range);
      expect(Buffer.compare(middle, whole.subarray(range.offset, range.offset + range.length))).toBe(0);
    });

    test("of puts that race with ifAbsent, exactly one wins, and it is its object that stays", async () => {
      await using tested = await make();
      const { store } = tested;
      for (let round = 0; round < 20; round++) {
        const key = `race/${round}`;
        const racers = Array.from({ length: 8 }, (_, i) => `racer ${i} `.repeat(1 + i * 50));
        const settled = await Promise.allSettled(
          racers.map((body) => store.put(key, [bytes(body)], { ifAbsent: true })),
        );
        const winners = racers.filter((_, i) => settled[i]!.status === "fulfilled");
        expect(winners.length).toBe(1);
        expect(text(await store.get(key))).toBe(winners[0]);
        for (const one of settled) {
          expect(one.status === "fulfilled" || isServiceError(one.reason, "already_exists")).toBe(true);
        }
      }
    });

    test("ifAbsent leaves an object of that key as it is", async () => {
      await using tested = await make();
      const { store } = tested;
      await store.put("a/b", [bytes("first")]);
      await expect(store.put("a/b", [bytes("second")], { ifAbsent: true })).rejects.toMatchObject({
        code: "already_exists",
        message: "object a/b already exists",
      });
      expect(text(await store.get("a/b"))).toBe("first");
    });

    test("a reader sees the old object or the new one, never a part", async () => {
      await using tested = await make();
      const { store } = tested;
      const bodies = Array.from({ length: 10 }, (_, i) => String(i).repeat(20_000 + i));
      await store.put("a", [bytes(bodies[0]!)]);
      const writing = (async () => {
        for (const body of bodies) {
          await store.put("a", [bytes(body.slice(0, 10_000)), bytes(body.slice(10_000))]);
        }
      })();
      for (let i = 0; i < 40; i++) {
        expect(bodies.includes(text(await store.get("a")))).toBe(true);
      }
      await writing;
      expect(text(await store.get("a")) === bodies.at(-1)).toBe(true);
    });

    test("listing is ascending by key, below a prefix, behind startAfter", async () => {
      await using tested = await make();
      const { store } = tested;
      const all = ["a%2F/x", "a-b/x", "a.b", "a/1/x", "a/1/y", "a/10", "a/2", "a0", "a=1/x", "aa", "b/c/d/e", "b/c0"];
      for (const [i, key] of all.toReversed().entries()) {
        await store.put(key, [new Uint8Array(i)]);
      }
      const first = (await collect(store.list("")))[0];
      expect(first).toEqual({ key: all[0], sizeBytes: all.length - 1 });
      const prefixes = [
        "",
        ...all,
        ...all.flatMap((key) => [key.slice(0, 1), key.slice(0, 2), key.slice(0, 3)]),
        "none",
        "zz/none/",
      ];
      for (const prefix of new Set(prefixes)) {
        for (const startAfter of ["", ...all, "a/", "a/1", "a/1/", "a/1/zzz", "a0z", "b/c/d/e/f", "zzz"]) {
          const want = all.filter((key) => key.startsWith(prefix) && key > startAfter);
          expect(await keys(store.list(prefix, startAfter)), `${prefix} after ${startAfter}`).toEqual(want);
        }
      }
    });

    test("a listing of many objects in one folder is whole, and may be left early", async () => {
      await using tested = await make();
      const { store } = tested;
      const all = Array.from({ length: 300 }, (_, i) => `folder/${String(i).padStart(5, "0")}`);
      await Promise.all(all.map((key) => store.put(key, [bytes(key)])));
      expect(await keys(store.list("folder/"))).toEqual(all);
      for await (const { key } of store.list("folder/", all[150])) {
        expect(key).toBe(all[151]);
        break;
      }
    });

    test("objects may be removed while they are listed", async () => {
      await using tested = await make();
      const { store } = tested;
      for (const key of ["a/1", "a/2", "b/1", "b/2"]) {
        await store.put(key, []);
      }
      const seen: string[] = [];
      for await (const { key } of store.list("")) {
        seen.push(key);
        await store.remove(key);
      }
      expect(seen).toEqual(["a/1", "a/2", "b/1", "b/2"]);
      expect(await keys(store.list(""))).toEqual([]);
    });

    test.for([...badKeys, "a/", "/"])("%j is no key", async (key) => {
      await using tested = await make();
      const { store } = tested;
      const refused = { code: "bad_data", message: expect.stringMatching(/^not a valid object key: "/u) };
      await expect(store.put(key, [bytes("x")])).rejects.toMatchObject(refused);
      await expect(store.put(key, [bytes("x")], { ifAbsent: true })).rejects.toMatchObject(refused);
      await expect(store.get(key)).rejects.toMatchObject(refused);
      await expect(store.get(key, { offset: 0, length: 1 })).rejects.toMatchObject(refused);
      await expect(store.stat(key)).rejects.toMatchObject(refused);
      await expect(store.remove(key)).rejects.toMatchObject(refused);
    });

    test.for(badPrefixes)("%j begins no key", async (prefix) => {
      await using tested = await make();
      await expect(keys(tested.store.list(prefix))).rejects.toMatchObject({ code: "bad_data" });
    });

    test("the longest and oddest keys are keys", async () => {
      await using tested = await make();
      const { store } = tested;
      const long = "x".repeat(255);
      const odd = ["...", ".hidden/..a/a..", "%", "=-", `${long}/${long}/${long}/${"y".repeat(250)}`, "CON/aux.txt"];
      for (const key of odd) {
        await store.put(key, [bytes(key)]);
      }
      expect(await keys(store.list(""))).toEqual(odd.toSorted());
      for (const key of odd) {
        expect(text(await store.get(key))).toBe(key);
      }
      expect(await keys(store.list("."))).toEqual(["...", ".hidden/..a/a.."]);
      expect(await keys(store.list(".."))).toEqual(["..."]);
    });
  });
}

const badPrefixes = ["/", "/a", "../", "./", "a//", "a/../", "~", "a b", "a\0", "é/", "a\\b", "x".repeat(1025)];
const badKeys = [
  "",
  ".",
  "..",
  "../a",
  "a/..",
  "a/../b",
  "./a",
  "a/./b",
  "/a",
  "//a",
  "a//b",
  "a\0b",
  "a\nb",
  "a b",
  "a\\b",
  "..\\a",
  "~",
  "~temporary/x",
  "é",
  "a:b",
  "a*",
  "a?",
  "%2e%2e/\u002e\u002e",
  "x".repeat(256),
  `a/${"x".repeat(256)}`,
  "x/".repeat(512) + "y",
];

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

async function collect(listing: AsyncIterable<ListedObject>): Promise<ListedObject[]> {
  const found: ListedObject[] = [];
  for await (const object of listing) {
    found.push(object);
  }
  return found;
}

async function keys(listing: AsyncIterable<ListedObject>): Promise<string[]> {
  return (await collect(listing)).map(({ key }) => key);
}
