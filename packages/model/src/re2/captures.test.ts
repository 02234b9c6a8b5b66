import fc from "fast-check";
import { expect, test } from "vitest";
import { compileRe2, type RegexMatch } from "../re2.ts";
import { CaptureMatcher } from "./capture-matcher.ts";
import { parseRe2 } from "./parse.ts";

const free = { anchored: false };

/** Where each match is, the match and its groups, `_` for one that took no part. */
function printed(matches: readonly RegexMatch[]): string {
  return matches.map(({ index, groups }) => `${index}:${groups.map((group) => group ?? "_").join(",")}`).join(" ");
}

/** The same with nothing of V8's. */
function printedByWalk(pattern: string, text: string): string {
  const matcher = CaptureMatcher.of(parseRe2(pattern, { dotAll: false }))!;
  return matcher
    .all(text)
    .map((slots) => {
      const parts = Array.from({ length: slots.length / 2 }, (_, i) =>
        slots[2 * i] === -1 ? "_" : text.slice(slots[2 * i], slots[2 * i + 1]),
      );
      return `${slots[0]}:${parts.join(",")}`;
    })
    .join(" ");
}

/** What Go's FindAllStringSubmatch answers. */
test.for([
  ["(a)|b", "ab", "0:a,a 1:b,_"],
  ["(a|(b))*", "ab", "0:ab,b,b"],
  ["(?:(a)|b)*", "ab", "0:ab,a"],
  ["(?:(a)|(b))+", "aba", "0:aba,a,b"],
  ["(a*)*", "b", "0:, 1:,"],
  ["(a*)+", "b", "0:, 1:,"],
  ["(|a)*", "aa", "0:, 1:, 2:,"],
  ["(|a)+", "aa", "0:, 1:, 2:,"],
  ["(a|)*", "aa", "0:aa,a"],
  ["(?:a??)*", "aa", "0: 1: 2:"],
  ["(a??)*?b", "aab", "0:aab,a"],
  ["(a+)(a+)", "aaa", "0:aaa,aa,a"],
  ["(a+?)(a+)", "aaa", "0:aaa,a,aa"],
  ["(?U)(a+)(a+)", "aaa", "0:aa,a,a"],
  ["(a|ab)(c|bcd)(d*)", "abcd", "0:abcd,a,bcd,"],
  ["a|ab", "ab", "0:a"],
  ["ab|a", "ab", "0:ab"],
  ["(a{2,3}?)(a*)", "aaaa", "0:aaaa,aa,aa"],
  ["(a{0,2})*", "aaa", "0:aaa,a"],
  ["((a)|b){2}", "ab", "0:ab,b,a"],
  ["(x)?(y)?", "y", "0:y,_,y"],
  ["(\\b)a", "ba a", "3:a,"],
  ["\\b", "ab cd", "0: 2: 3: 5:"],
  ["\\B", "ab", "1:"],
  ["\\B", "a\u{1f600}b", ""],
  ["x*", "axxb", "0: 1:xx 4:"],
  ["x*", "\u{1f600}x", "0: 2:x"],
  ["", "a\u{1f600}", "0: 1: 3:"],
  ["(?m)^(.*)$", "a\n\nb", "0:a,a 2:, 3:b,b"],
  ["(?m)(^|b)", "a\nb", "0:, 2:,"],
  ["^(a)$", "a\n", ""],
  ["(\\w+)\\s(\\w+)", "one two three four", "0:one two,one,two 8:three four,three,four"],
  ["(?i)(k+)", "k\u212aK", "0:k\u212aK,k\u212aK"],
  ["(?P<x>a)(?P<x>b)", "ab", "0:ab,a,b"],
  ["([^\\w])+", "a\u65e5-b", "1:\u65e5-,-"],
  ["(a(b)?)+", "aba", "0:aba,a,b"],
  ["(?:(a)(b)?)+", "aba", "0:aba,a,b"],
  ["(?:a(b)|ac)+", "abac", "0:abac,b"],
  ["(.+?)=(.*)", "k=v=w", "0:k=v=w,k,v=w"],
  ["(.*)=(.*)", "k=v=w", "0:k=v=w,k=v,w"],
  ["((?:x{0})(y))", "y", "0:y,y,y"],
  ["(?:(z)){0}(y)", "y", "0:y,_,y"],
  ["(\\x{fffd})", "a\ufffd", "1:\ufffd,\ufffd"],
  ["(a)(?:^b)?", "ab", "0:a,a"],
  ["$^", "", "0:"],
  ["(?:$|a)+", "aa", "0:aa"],
  ["(^a|b)+", "abab", "0:ab,b 3:b,b"],
  ["(a?)(a?)(a?)aaa", "aaaa", "0:aaaa,a,,"],
  ["(?:a|ab|abc)(?:d|cd)", "abcd", "0:abcd"],
  ["(a|b)*?c", "abc", "0:abc,b"],
  ["(?s)(.)+", "a\nb", "0:a\nb,b"],
] as const)("%s in %j", ([pattern, text, want]) => {
  expect(printed(compileRe2(pattern, free).matches(text))).toBe(want);
  expect(printedByWalk(pattern, text)).toBe(want);
});

/** Expressions that go through all there is. */
const pattern = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("a", "b", "ab", ".", "[ab]", "[^a]", "\\w", "\\b", "^", "$", "(?i:k)", "\u65e5", "", "\\B"),
    fc.tuple(tie("node"), tie("node")).map(([a, b]) => a + b),
    fc.tuple(tie("node"), tie("node")).map(([a, b]) => `(${a}|${b})`),
    tie("node").map((a) => `(${a})`),
    fc
      .tuple(tie("node"), fc.constantFrom("?", "*", "+", "*?", "+?", "{2}", "{0,2}", "{1,}"))
      .map(([a, suffix]) => `(?:${a})${suffix}`),
  ),
})).node;
const unit = fc.constantFrom("a", "b", "k", "\u212a", " ", "\n", "\u65e5", "\u{1f600}");

test("V8, where it is trusted, and the walk find the same", () => {
  fc.assert(
    fc.property(pattern, fc.string({ unit, maxLength: 12 }), (source, text) => {
      const regex = compileRe2(source, free);
      const want = printedByWalk(source, text);
      expect(printed(regex.matches(text))).toBe(want);
      const first = regex.exec(text);
      expect(first === undefined ? "" : printed([first])).toBe(want.split(/ (?=\d+:)/u)[0]);
      expect(regex.test(text)).toBe(want !== "");
    }),
    { numRuns: 2000 },
  );
});

test("texts that are longer than there may be states", () => {
  const words = "ab".repeat(30_000);
  const regex = compileRe2("(x|y|z(a|b)*?)?((?:ab)+) (c)", free);
  const match = regex.exec(`xx${words} c`)!;
  expect([match.index, match.groups[1], match.groups[3]?.length, match.groups[4]]).toEqual([1, "x", 60_000, "c"]);
  expect(regex.exec(words)).toBeUndefined();
  const pairs = "\u{1f600}\u{1f601}".repeat(12_345);
  expect(compileRe2("(\u{1f600}|[^x])*?(.)$", free).exec(`a${pairs}`)!.groups[2]).toBe("\u{1f601}");
  expect(compileRe2("(.)(\u{1f601})", free).matches(pairs)).toHaveLength(12_345);
});
