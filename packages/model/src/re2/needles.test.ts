import fc from "fast-check";
import { expect, test } from "vitest";
import { compileRe2, needlesOfRe2, prefixesOfRe2 } from "../re2.ts";

test.for<[pattern: string, needles: readonly string[], flags: string]>([
  ["timeout", ["timeout"], "whole"],
  ["(?i)timeout", ["timeout"], "whole folded"],
  ["(?i)TIME-out 1", ["time-out 1"], "whole folded"],
  ["error|rate_limited", ["error", "rate_limited"], "whole"],
  ["(?i)error|fatal", ["error", "fatal"], "whole folded"],
  ["(?i)status", ["status", "\u017f"], "folded"],
  ["(?i:e)Rror", ["error"], "folded"],
  ["(?i:error)|12", ["error", "12"], "whole folded"],
  ["gr[ae]y", ["gray", "grey"], "whole"],
  ["colou?r", ["color", "colour"], "whole"],
  ["(ab){2}", ["abab"], "whole"],
  ["a(b|cd)e", ["abe", "acde"], "whole"],
  ["^error$", ["error"], ""],
  ["\\berror\\b", ["error"], ""],
  ["level=(warn|error).*duration=\\d", ["duration="], ""],
  ['"status":5\\d\\d', ['"status":5'], ""],
  ["(GET|POST) .* 50[23]", ["GET ", "POST "], ""],
  ["x+timeout", ["timeout"], ""],
  ["(?:timeout)+", ["timeout"], ""],
  ["(abc.*d|efgh\\d)", ["abc", "efgh"], ""],
  ["caf\u00e9", ["caf\u00e9"], "whole"],
  ["(?i)\u00e9t\u00e9", ["\u00c9t\u00c9", "\u00c9t\u00e9", "\u00e9t\u00c9", "\u00e9t\u00e9"], "whole folded"],
])("%s is looked for as %j", ([pattern, needles, flags]) => {
  const found = needlesOfRe2(pattern)!;
  expect(found.needles).toEqual(needles);
  expect([found.isWhole && "whole", found.isFolded && "folded"].filter(Boolean).join(" ")).toBe(flags);
});

test.for<[pattern: string, needles: readonly string[] | undefined]>([
  ["status\\W+5\\d\\d", ["status"]],
  ["(status)=\\d", ["status="]],
  ["(GET|POST) .* 50[23]", ["GET ", "POST "]],
  ["(?i)error: \\d", ["error: "]],
  ["error\\b.*x", ["error"]],
  ["\\berror", undefined],
  ["^error", undefined],
  ["x?error", ["error", "xerror"]],
  ["\\d+error", undefined],
  ["error\\d|fatal", undefined],
  ["(?i)status\\d", undefined],
])("every match of %s begins with one of %j", ([pattern, needles]) => {
  expect(prefixesOfRe2(pattern)?.needles).toEqual(needles);
});

test.for(["", "\\d+", "a*", "(?:a|b*)", "x?", "a\\nb|c", "\ufffd", "^", "(?:abc)?", ".*", "[a-z]"])(
  "%s has nothing to look for",
  (pattern) => {
    // Of `a\nb|c` the needles would have to be found across lines.
    expect(needlesOfRe2(pattern)?.needles ?? []).toEqual(pattern === "a\\nb|c" ? ["a", "c"] : []);
  },
);

test("whatever matches holds one of them, and when they are all there is to it, the other way round", () => {
  const pattern = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom("a", "b", "s", "ab", ".", "[ab]", "\\b", "^", "$", "(?i)a", "(?i:s)", "(?i:b)", "\u00e9", ""),
      fc.tuple(tie("node"), tie("node")).map(([a, b]) => a + b),
      fc.tuple(tie("node"), tie("node")).map(([a, b]) => `(${a}|${b})`),
      fc.tuple(tie("node"), fc.constantFrom("?", "*", "+", "{2}", "{0,1}")).map(([a, suffix]) => `(?:${a})${suffix}`),
    ),
  })).node;
  const text = fc.string({
    unit: fc.constantFrom("a", "b", "A", "B", "s", "S", "\u017f", "\u00e9", " "),
    maxLength: 10,
  });
  fc.assert(
    fc.property(pattern, text, (source, input) => {
      const found = needlesOfRe2(source);
      if (found === undefined) {
        return;
      }
      const { needles, isFolded, isWhole } = found;
      const searched = isFolded ? input.replace(/[A-Z]/gu, (letter) => letter.toLowerCase()) : input;
      const isHit = needles.some((needle) => searched.includes(needle));
      const isMatch = compileRe2(source, { anchored: false }).test(input);
      expect(isMatch && !isHit).toBe(false);
      expect(isWhole && isHit && !isMatch).toBe(false);
    }),
    { numRuns: 3000 },
  );
});
