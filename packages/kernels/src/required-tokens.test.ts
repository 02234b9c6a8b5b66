import { seededRng } from "@sluice/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { allTokens, createKernels, innerTokens, mayHoldToken, mayHoldTokens, plainKernels } from "./index.ts";
import { hashToken } from "./token-filter.ts";

const encoder = new TextEncoder();
const bytesOf = (text: string): Uint8Array => encoder.encode(text);
const hashOf = (token: string): ReturnType<typeof hashToken> => hashToken(bytesOf(token), 0, bytesOf(token).length);

test.for([
  { needle: "", inner: [] },
  { needle: "deadbeef", inner: [] },
  { needle: "two words", inner: [] },
  { needle: " error ", inner: ["error"] },
  { needle: '"id":"7f-99"', inner: ["id", "7f", "99"] },
  { needle: "d41d8cd9-8f00-b204-e980-0998ecf8427e", inner: ["8f00", "b204", "e980"] },
  { needle: " a b_c ", inner: ["b_c"] },
  { needle: " Zürich ", inner: ["rich"] },
  { needle: " aa aa ", inner: ["aa"] },
])("the inner tokens of $needle", ({ needle, inner }) => {
  expect(innerTokens(bytesOf(needle))).toEqual(inner.map(hashOf));
});

test("all tokens of a value are its outer ones too", () => {
  expect(allTokens(bytesOf("ab-c-de"))).toEqual([hashOf("ab"), hashOf("de")]);
});

test("a block that holds the needle is never skipped, whatever stands around it", () => {
  const piece = fc
    .uint8Array({ max: 5, maxLength: 40 })
    .map((bytes) => bytes.map((byte) => [0x61, 0x5a, 0x35, 0x5f, 0x2d, 0xc3][byte]!));
  const kernels = createKernels();
  fc.assert(
    fc.property(piece, piece, piece, (before, needle, after) => {
      const block = new Uint8Array([...before, ...needle, ...after]);
      for (const tried of [kernels, plainKernels]) {
        const filter = tried.buildTokenFilter([block]);
        expect(mayHoldTokens(filter, innerTokens(needle))).toBe(true);
        expect(mayHoldTokens(tried.buildTokenFilter([before, needle, after]), allTokens(needle))).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});

test("about one token in a hundred that is not there seems to be", () => {
  const rng = seededRng(1);
  const word = (): string => Math.floor(rng.next() * 36 ** 8).toString(36);
  const filter = createKernels().buildTokenFilter([bytesOf(Array.from({ length: 5000 }, word).join(" "))]);
  expect(filter.length).toBe(Math.ceil((5000 * 10) / 256) * 32);
  let falsePositives = 0;
  for (let i = 0; i < 20_000; i++) {
    falsePositives += mayHoldToken(filter, hashOf(`${word()}x`)) ? 1 : 0;
  }
  expect(falsePositives / 20_000).toBeLessThan(0.02);
  expect(falsePositives).toBeGreaterThan(0);
});

test("a filter without tokens holds none, and one that is no filter may hold all", () => {
  expect(plainKernels.buildTokenFilter([bytesOf("a - b")])).toHaveLength(0);
  expect(mayHoldToken(new Uint8Array(0), hashOf("ab"))).toBe(false);
  expect(mayHoldToken(new Uint8Array(33), hashOf("ab"))).toBe(true);
});

// Filters lie in stored segments: these bytes, from an implementation in another language, are the format, version 1.
test("the bytes of version 1", () => {
  const filter = plainKernels.buildTokenFilter([bytesOf(Array.from({ length: 40 }, (_, i) => `token${i}`).join(" "))]);
  expect(Buffer.from(filter).toString("hex")).toBe(
    "843ca900704e8b866e9aa61a08709b994dccb13400ccf371c7544d06633593108d7515ede32124df978f62789ad6d614913ae60e0d1eced2a823559f93d29b0d",
  );
  expect(hashOf("error")).toEqual({ high: 2330490886, low: 2901156972 });
});
