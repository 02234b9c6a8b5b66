import { logLine, seededRng } from "@sluice/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createKernels, kernelMemoryBytesMax, plainKernels } from "./index.ts";

const kernels = createKernels();
const encoder = new TextEncoder();
const uuid = "d41d8cd9-8f00-b204-e980-0998ecf8427e";
const digits = fc.string({ unit: fc.constantFrom(..."0123456789abcdef".split("")), maxLength: 40 });

/** Texts with ids, what nearly is one, and ids that touch each other or what is around them. */
const text = fc
  .array(
    fc.oneof(
      digits,
      fc.constantFrom(
        uuid,
        uuid.toUpperCase(),
        uuid.slice(1),
        uuid.slice(0, -1),
        `${uuid}${uuid}`,
        uuid.replace("-", "_"),
      ),
      fc.constantFrom(" ", "-", "g", "é", "\n", "x".repeat(50), "0".repeat(20), "ab".repeat(300)),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => encoder.encode(pieces.join("")));

function packed(bytes: Uint8Array): { readonly text: Uint8Array; readonly ids: Uint8Array } {
  const both = kernels.packIds(bytes)!;
  expect(both).toEqual(plainKernels.packIds(bytes));
  return both;
}

function unpacked(of: Uint8Array, ids: Uint8Array, length: number): Uint8Array | undefined {
  const both = kernels.unpackIds(of, ids, length);
  expect(both).toEqual(plainKernels.unpackIds(of, ids, length));
  return both;
}

test("ids go out and come back", () => {
  fc.assert(
    fc.property(text, (bytes) => {
      const both = packed(bytes);
      expect(both.text.length + both.ids.length).toBeLessThanOrEqual(bytes.length);
      expect(unpacked(both.text, both.ids, bytes.length)).toEqual(bytes);
    }),
    { numRuns: 1500 },
  );
});

test.for([
  { what: `id=${uuid}.`, text: "id=\u0001.", ids: uuid.replaceAll("-", "") },
  { what: "0123456789abcdef0", text: "\u0002\u00080", ids: "0123456789abcdef" },
  { what: "0123456789012345", text: "0123456789012345", ids: "" },
  { what: "0123456789abcde", text: "0123456789abcde", ids: "" },
  { what: `f${uuid}`, text: `f${uuid}`, ids: "" },
  { what: "", text: "", ids: "" },
])("packed: $what", ({ what, text: left, ids }) => {
  const both = packed(encoder.encode(what));
  expect(Buffer.from(both.text).toString("latin1")).toBe(left);
  expect(Buffer.from(both.ids).toString("hex")).toBe(ids);
});

test("an id at every place around the steps of the kernel", () => {
  for (let at = 0; at < 140; at++) {
    for (const id of [uuid, "0123456789abcdef", "f".repeat(70)]) {
      const bytes = encoder.encode(`${".".repeat(at)}${id}`);
      const both = packed(bytes);
      expect(both.ids.length).toBe(id.replaceAll("-", "").length / 2);
      expect(unpacked(both.text, both.ids, bytes.length)).toEqual(bytes);
    }
  }
});

test.for([1, 2])("a text that holds the mark %i is left as it is", (mark) => {
  for (let at = 0; at < 100; at++) {
    const bytes = new Uint8Array(100).fill(0x61).with(at, mark);
    expect(kernels.packIds(bytes)).toBeUndefined();
    expect(plainKernels.packIds(bytes)).toBeUndefined();
  }
});

describe("logs", () => {
  const rng = seededRng(3);
  const bytes = encoder.encode(Array.from({ length: 400 }, (_, i) => `${logLine(rng, i)}\n`).join(""));
  const both = packed(bytes);

  test("lose a tenth of their bytes", () => {
    expect(both.text.length + both.ids.length).toBeLessThan(bytes.length * 0.9);
  });

  test("are searched as if they had not", () => {
    for (const needle of ["error", uuid, "nowhere", "", "x".repeat(bytes.length + 1), `request_id`]) {
      const want = Buffer.from(bytes).includes(needle);
      for (const tried of [kernels, plainKernels]) {
        const needles = [encoder.encode(needle)];
        expect(tried.textHolds(both.text, both.ids, bytes.length, needles)).toBe(want);
        expect(tried.textHolds(bytes, undefined, bytes.length, [encoder.encode("level"), ...needles])).toBe(want);
        expect(tried.textHolds(both.text, both.ids, bytes.length + 1, needles)).toBeUndefined();
        expect(tried.textHolds(bytes, undefined, bytes.length - 1, needles)).toBeUndefined();
      }
    }
  });

  test("that are damaged, cut or of another length: kernel and twin agree", () => {
    const int = (end: number): number => Math.floor(rng.next() * end);
    const small = packed(bytes.subarray(0, 3000));
    let refused = 0;
    for (let round = 0; round < 6000; round++) {
      const badText = small.text.slice(0, int(3) === 0 ? int(small.text.length + 1) : small.text.length);
      const badIds = small.ids.slice(0, int(3) === 0 ? int(small.ids.length + 1) : small.ids.length);
      for (let flips = int(3); flips > 0 && badText.length > 0; flips--) {
        badText[int(badText.length)] = int(2) === 0 ? 1 + int(2) : int(256);
      }
      const length = int(3) === 0 ? int(4000) : 3000;
      const got = kernels.unpackIds(badText, badIds, length);
      const want = plainKernels.unpackIds(badText, badIds, length);
      refused += want === undefined ? 1 : 0;
      expect(got === undefined ? -1 : got.length).toBe(want === undefined ? -1 : want.length);
      expect(got === undefined || Buffer.compare(got, want!) === 0).toBe(true);
    }
    expect(refused).toBeGreaterThan(1000);
    expect(refused).toBeLessThan(6000);
  });
});

test("what does not fit into the kernels' memory is done by the twins", () => {
  const bytes = new Uint8Array(kernelMemoryBytesMax).fill(0x2e);
  bytes.set(encoder.encode(uuid), 1000);
  const own = createKernels();
  const both = own.packIds(bytes)!;
  expect(both.ids).toHaveLength(16);
  expect(Buffer.compare(own.unpackIds(both.text, both.ids, bytes.length)!, bytes)).toBe(0);
  expect(own.textHolds(both.text, both.ids, bytes.length, [encoder.encode(uuid)])).toBe(true);
});
