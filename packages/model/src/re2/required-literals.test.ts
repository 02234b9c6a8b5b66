import fc from "fast-check";
import { expect, test } from "vitest";
import { compileRe2, literalsOfRe2 } from "../re2.ts";

test.for<[pattern: string, literals: readonly string[]]>([
  ["abc", ["abc"]],
  ["abc.*def", ["abc", "def"]],
  ["a(b(c))d", ["abcd"]],
  ["(?:abc)+x", ["abc", "x"]],
  ["(ab){2,3}", ["ab"]],
  ["(ab)?cd", ["cd"]],
  ["ab*c", ["a", "c"]],
  ["x(ab|cd)y", ["x", "y"]],
  ["ab|cd", []],
  ["^start\\b-end$", ["start-end"]],
  ["a[bc]d", ["a", "d"]],
  ["a[b]d", ["abd"]],
  ["(?i)ab-12", ["-12"]],
  ["a(?i)b(?-i)c", ["a", "c"]],
  ["\\Qa.b\\E", ["a.b"]],
  ["a\\.b", ["a.b"]],
  ["\\d+ms", ["ms"]],
  ["(?i)k", []],
  ["a\ufffdb", ["a", "b"]],
  ["", []],
])("%s needs %j", ([pattern, literals]) => {
  expect(literalsOfRe2(pattern)).toEqual(literals);
});

test("whatever matches holds all of them", () => {
  const pattern = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom("a", "b", "ab", ".", "[ab]", "\\b", "^", "$", "(?i)a", "\\."),
      fc.tuple(tie("node"), tie("node")).map(([a, b]) => a + b),
      fc.tuple(tie("node"), tie("node")).map(([a, b]) => `(${a}|${b})`),
      fc.tuple(tie("node"), fc.constantFrom("?", "*", "+", "{2}", "{0,1}")).map(([a, suffix]) => `(?:${a})${suffix}`),
    ),
  })).node;
  fc.assert(
    fc.property(pattern, fc.array(fc.constantFrom("a", "b", "A", ".", " ", "\n")), (source, chars) => {
      const text = chars.join("");
      if (compileRe2(source, { anchored: false }).test(text)) {
        for (const literal of literalsOfRe2(source)) {
          expect(text).toContain(literal);
        }
      }
    }),
    { numRuns: 2000 },
  );
});
