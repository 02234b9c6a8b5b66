import fc from "fast-check";
import { expect, test } from "vitest";
import { evilPatterns, evilTexts, fixedEvilPatterns } from "../../test/evil-patterns.ts";
import { compileRe2, compileRe2Bytes } from "../re2.ts";
import { ByteMatcher } from "./byte-matcher.ts";
import { CaptureMatcher } from "./capture-matcher.ts";
import { parseRe2 } from "./parse.ts";
import { withoutCaptures } from "./simplify.ts";

const free = { anchored: false };
const encoder = new TextEncoder();

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../gu) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** What Go's Match answers: bytes that belong to no character are U+FFFD, each of them. */
test.for([
  { pattern: "^.{3}$", hex: "e69761", isMatch: true },
  { pattern: "^.$", hex: "e697a5", isMatch: true },
  { pattern: "^\\x{fffd}$", hex: "ff", isMatch: true },
  { pattern: "^\\x{fffd}$", hex: "efbfbd", isMatch: true },
  { pattern: "^\\x{fffd}{3}$", hex: "eda080", isMatch: true },
  { pattern: "^[^a]{4}$", hex: "f4908080", isMatch: true },
  { pattern: "^.{2}$", hex: "c0af", isMatch: true },
  { pattern: "^.\u65e5$", hex: "e6e697a5", isMatch: true },
  { pattern: "\u65e5", hex: "e697", isMatch: false },
  { pattern: "^.{2}$", hex: "e697", isMatch: true },
  { pattern: "\\ba\\b", hex: "ff61e6", isMatch: true },
  { pattern: "^\\P{Greek}$", hex: "80", isMatch: true },
  { pattern: "\\n", hex: "e60a", isMatch: true },
])("$pattern in the bytes $hex: $isMatch", ({ pattern, hex, isMatch }) => {
  const bytes = bytesOf(`61${hex}62`);
  expect(compileRe2Bytes(pattern, free).test(bytes, 1, bytes.length - 1)).toBe(isMatch);
});

test("bytes, and their text, match the same", () => {
  const atom = fc.constantFrom("a", "[^b]", ".", "\\w", "\\b", "(?m)$", "(?m)^", "\u00e9", "[\u00e0-\u4e10]", "\\PL");
  const quantifier = fc.constantFrom("", "", "*", "+", "?", "{2,3}", "{3}");
  const pattern = fc
    .array(fc.tuple(atom, quantifier), { minLength: 1, maxLength: 6 })
    .map((parts) => parts.map(([a, q]) => `(?:${a})${q}`).join(""));
  const unit = fc.constantFrom("a", "b", "\n", "\u00e9", "\u00f0", "\u4e00", "\u{1f600}", "\ufffd");
  fc.assert(
    fc.property(pattern, fc.array(fc.string({ unit, maxLength: 12 }), { maxLength: 6 }), (source, texts) => {
      const regex = compileRe2Bytes(source, free);
      const walk = CaptureMatcher.of(parseRe2(source, { dotAll: false }))!;
      const anchored = compileRe2(source, { anchored: true });
      const anchoredBytes = compileRe2Bytes(source, { anchored: true });
      for (const text of texts) {
        const bytes = encoder.encode(`a${text}b`);
        expect(regex.test(bytes, 1, bytes.length - 1)).toBe(walk.first(text) !== undefined);
        expect(anchoredBytes.test(bytes, 1, bytes.length - 1)).toBe(anchored.test(text));
      }
    }),
    { numRuns: 1000 },
  );
});

test.for([
  "a[ab]{80}a[ab]{70}ab?a",
  // With copies that only the table's states are rid of.
  "a[ab]{60}(?:aab|b){2,9}aa[ab]{60}aa",
])("what does not fit the table is simulated, with the same answer: %s", (pattern) => {
  const v8 = new RegExp(pattern, "u");
  const regex = compileRe2Bytes(pattern, free);
  let state = 1;
  const text = Array.from({ length: 120_000 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state < 2 ** 31 ? "a" : "b";
  }).join("");
  const bytes = encoder.encode(text);
  for (let start = 0; start < text.length; start += 600) {
    const end = start + 160 + (start % 37);
    expect(regex.test(bytes, start, end)).toBe(v8.test(text.slice(start, end)));
  }
  expect(regex.generation).toBeGreaterThan(1);
  expect(compileRe2Bytes(`${pattern}c`, free).test(bytes, 0, bytes.length)).toBe(false);
});

/** Not in time, which neighbours on the machine take too, but in operations on words: some ten million are 100 ms. */
const workPerByteMax = 60;

test.for(fixedEvilPatterns)("%s takes little work, whatever the text", (pattern) => {
  for (const bytes of evilTexts(100_000)) {
    const matcher = ByteMatcher.of(withoutCaptures(parseRe2(pattern, { dotAll: false })), {
      searchesStart: true,
      searchesEnd: true,
    })!;
    matcher.test(bytes, 0, bytes.length);
    expect(matcher.work / bytes.length).toBeLessThan(workPerByteMax);
  }
});

test("a thousand evil expressions take little work", () => {
  for (const pattern of evilPatterns(1000)) {
    const matcher = ByteMatcher.of(withoutCaptures(parseRe2(pattern, { dotAll: false })), {
      searchesStart: true,
      searchesEnd: true,
    })!;
    for (const bytes of evilTexts(2000)) {
      matcher.test(bytes, 0, bytes.length);
    }
    expect(matcher.work / 8000, pattern).toBeLessThan(workPerByteMax);
  }
});
