import { logLine, seededRng } from "@sluice/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
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

describe("what filters of logs cost and keep", () => {
  const rng = seededRng(1);
  let text = "";
  for (let i = 0; text.length < 262_144; i++) {
    text += `${logLine(rng, i * 100)}\n`;
  }
  const filter = createKernels().buildTokenFilter([bytesOf(text)]);
  const digits = (count: number): string => Array.from({ length: count }, () => randomDigit(rng)).join("");

  test("3 % of the text", () => {
    expect(filter.length / text.length).toBeLessThan(0.03);
  });

  test("an id that is not there is ruled out in 95 of 100 blocks", () => {
    const rounds = 20_000;
    let hits = 0;
    for (let i = 0; i < rounds; i++) {
      hits += mayHoldToken(filter, hashOf(digits(32))) ? 1 : 0;
    }
    expect(hits / rounds).toBeLessThan(0.045);
    expect(hits).toBeGreaterThan(0);
  });

  test("a uuid in 999 of 1000, by the three of its tokens that it shows whole", () => {
    const rounds = 30_000;
    let hits = 0;
    for (let i = 0; i < rounds; i++) {
      const uuid = `${digits(8)}-${digits(4)}-${digits(4)}-${digits(4)}-${digits(12)}`;
      hits += mayHoldTokens(filter, innerTokens(bytesOf(uuid))) ? 1 : 0;
    }
    expect(hits / rounds).toBeLessThan(0.001);
  });
});

function randomDigit(rng: { next(): number }): string {
  return Math.floor(rng.next() * 16).toString(16);
}

test("a filter without tokens holds none, and one that is no filter may hold all", () => {
  expect(plainKernels.buildTokenFilter([bytesOf("a - b")])).toHaveLength(0);
  expect(mayHoldToken(new Uint8Array(0), hashOf("ab"))).toBe(false);
  expect(mayHoldToken(new Uint8Array(33), hashOf("ab"))).toBe(true);
});

// Filters lie in stored segments: these bytes, from an implementation in another language, are the format, version 1.
test("the bytes of version 1", () => {
  const filter = plainKernels.buildTokenFilter([bytesOf(Array.from({ length: 40 }, (_, i) => `token${i}`).join(" "))]);
  expect(Buffer.from(filter).toString("hex")).toBe(
    "804104c52b28121005000c0788412291192041480809205800d80c1070880e05043141220150870146265262122864006311008d88c43500821f04a0344008ad",
  );
  expect(hashOf("error")).toBe(3542907961);
  expect(hashOf("d41d8cd98f00b204e9800998ecf8427e")).toBe(1869323755);
});
