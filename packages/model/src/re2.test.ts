import fc from "fast-check";
import { expect, test } from "vitest";
import { compileRe2 } from "./re2.ts";

const free = { anchored: false };
const whole = { anchored: true };

test.for([
  ["(", "missing closing ): `(`"],
  ["a(b", "missing closing ): `a(b`"],
  ["a)", "unexpected ): `a)`"],
  ["[", "missing closing ]: `[`"],
  ["x[a-", "missing closing ]: `[a-`"],
  ["[b-a]", "invalid character class range: `b-a`"],
  ["[[:foo:]]", "invalid character class range: `[:foo:]`"],
  ["\\p{Foo}", "invalid character class range: `\\p{Foo}`"],
  ["\\p{", "invalid character class range: `\\p{`"],
  ["(?=a)", "invalid or unsupported Perl syntax: `(?=`"],
  ["(?!a)", "invalid or unsupported Perl syntax: `(?!`"],
  ["(?>a)", "invalid or unsupported Perl syntax: `(?>`"],
  ["(?i-)a", "invalid or unsupported Perl syntax: `(?i-)`"],
  ["(?<=a)b", "invalid named capture: `(?<=a)b`"],
  ["(?P<n-1>a)", "invalid named capture: `(?P<n-1>`"],
  ["(?P<n", "invalid named capture: `(?P<n`"],
  ["\\1", "invalid escape sequence: `\\1`"],
  ["\\8", "invalid escape sequence: `\\8`"],
  ["\\C", "invalid escape sequence: `\\C`"],
  ["\\xZZ", "invalid escape sequence: `\\xZZ`"],
  ["\\x{110000}", "invalid escape sequence: `\\x{110000}`"],
  ["a\\", "trailing backslash at end of expression: ``"],
  ["*", "missing argument to repetition operator: `*`"],
  ["a|+?", "missing argument to repetition operator: `+?`"],
  ["(?i)*", "missing argument to repetition operator: `*`"],
  ["a**", "invalid nested repetition operator: `**`"],
  ["a+??", "invalid nested repetition operator: `+??`"],
  ["a{2}{3}", "invalid nested repetition operator: `{2}{3}`"],
  ["a{2,1}", "invalid repeat count: `{2,1}`"],
  ["a{1001}", "invalid repeat count: `{1001}`"],
  ["(?:a{50}){50}", "invalid repeat count: `{50}`"],
] as const)("%s is refused with Go's text", ([pattern, message]) => {
  expect(() => compileRe2(pattern, free)).toThrow(`error parsing regexp: ${message}`);
});

test("depth and size are bounded", () => {
  expect(() => compileRe2("(".repeat(2000), free)).toThrow("expression nests too deeply");
  expect(() => compileRe2(`(?:${"ab".repeat(4000)}){1000}`, free)).toThrow("expression too large");
});

test.for([
  { pattern: "b", matches: ["abc", "b"], misses: ["", "B"] },
  { pattern: "(?i)foo", matches: ["FOO", "xfOo"], misses: ["fo"] },
  { pattern: "(?i)wörld", matches: ["WÖRLD"], misses: ["world"] },
  { pattern: "(?i)k", matches: ["k", "K", "\u212a"], misses: ["c"] },
  { pattern: "(?i)[^k]", matches: ["x"], misses: ["K", "\u212a"] },
  { pattern: "a(?i)b|c", matches: ["aB", "ab", "C"], misses: ["AB"] },
  { pattern: "a(?i:b)c", matches: ["aBc"], misses: ["aBC", "Abc"] },
  { pattern: "(?i:a)(?-i:b)", matches: ["Ab"], misses: ["aB"] },
  { pattern: "a.c", matches: ["abc", "a\u{1f600}c", "a\rc"], misses: ["a\nc", "ac"] },
  { pattern: "(?s)a.c", matches: ["a\nc"], misses: ["ac"] },
  { pattern: "^b", matches: ["bc"], misses: ["a\nb"] },
  { pattern: "(?m)^b$", matches: ["a\nb\nc", "b"], misses: ["a\rb", "ab"] },
  { pattern: "\\Ab\\z", matches: ["b"], misses: ["b\n", "ab"] },
  { pattern: "\\Qa.b*\\E+", matches: ["a.b**"], misses: ["axb"] },
  { pattern: "^\\s$", matches: [" ", "\t", "\f"], misses: ["\v", "\u00a0"] },
  { pattern: "^\\w+\\d$", matches: ["a_1"], misses: ["é1", "a\u0661"] },
  { pattern: "\\bfoo\\b", matches: ["a foo."], misses: ["foot"] },
  { pattern: "^[[:alpha:]]+[[:^digit:]]$", matches: ["abx", "a-"], misses: ["a1", "1a"] },
  { pattern: "^[^\\d\\s]$", matches: ["x", "\u{1f600}"], misses: ["1", " "] },
  { pattern: "^\\pL\\p{Greek}\\PN$", matches: ["xλ-", "日Ω\u{1f600}"], misses: ["xl-", "xλ1"] },
  { pattern: "^\\p{^L}$", matches: ["1"], misses: ["a"] },
  { pattern: "^[\\x{1F600}-\\x{1F64F}\\x41]$", matches: ["\u{1f601}", "A"], misses: ["\u{1f5ff}", "B"] },
  { pattern: "^\u{1f600}{2}$", matches: ["\u{1f600}\u{1f600}"], misses: ["\u{1f600}"] },
  { pattern: "^.{2}$", matches: ["ab", "a\u{1f600}"], misses: ["\u{1f600}", "abc"] },
  { pattern: "^.+.$", matches: ["ab"], misses: ["\u{1f600}"] },
  { pattern: "^(?:ab){2,3}$", matches: ["abab", "ababab"], misses: ["ab", "abababab"] },
  { pattern: "^a{3,}$", matches: ["aaa", "aaaaa"], misses: ["aa"] },
  { pattern: "^a{0}$", matches: [""], misses: ["a"] },
  { pattern: "^a{500}$", matches: ["a".repeat(500)], misses: ["a".repeat(499)] },
  { pattern: "a{,2}", matches: ["a{,2}"], misses: ["aa"] },
  { pattern: "x{02}", matches: ["x{02}"], misses: ["xx"] },
  { pattern: "[]a]", matches: ["]", "a"], misses: ["[b"] },
  { pattern: "[a-]", matches: ["-"], misses: ["b"] },
  { pattern: "\\101\\0", matches: ["A\0"], misses: ["A"] },
  { pattern: "a||b", matches: ["", "zzz"], misses: [] },
  { pattern: "/path\\/x", matches: ["/path/x"], misses: ["path"] },
])("$pattern finds what RE2 finds", ({ pattern, matches, misses }) => {
  const regex = compileRe2(pattern, free);
  expect(matches.filter((text) => !regex.test(text))).toEqual([]);
  expect(misses.filter((text) => regex.test(text))).toEqual([]);
});

test.for([
  { pattern: "a|bc", matches: ["a", "bc"], misses: ["abc", "bca"] },
  { pattern: "a.*", matches: ["a", "a\nb"], misses: ["ba"] },
  { pattern: "", matches: [""], misses: ["a"] },
  { pattern: "^a$", matches: ["a"], misses: ["a\n"] },
])("$pattern anchored takes the whole text", ({ pattern, matches, misses }) => {
  const regex = compileRe2(pattern, whole);
  expect(matches.filter((text) => !regex.test(text))).toEqual([]);
  expect(misses.filter((text) => regex.test(text))).toEqual([]);
});

test("an anchored pattern cannot break out of its anchors", () => {
  expect(() => compileRe2("a)|(?:b", whole)).toThrow("unexpected ): `a)|(?:b`");
});

test("exec gives the first match with its groups", () => {
  const regex = compileRe2("(?P<method>[A-Z]+) (\\S+)(?: (?<status>\\d{3}))?", free);
  expect(regex.groupNames).toEqual(["method", undefined, "status"]);
  const match = regex.exec("at GET /x 404")!;
  expect(match.index).toBe(3);
  expect(match.groups).toEqual(["GET /x 404", "GET", "/x", "404"]);
  expect(Object.fromEntries(match.named)).toEqual({ method: "GET", status: "404" });
  expect(Object.fromEntries(regex.exec("PUT /y")!.named)).toEqual({ method: "PUT" });
  expect(regex.exec("nothing")).toBeUndefined();
});

test("greed decides what a group gets, and U turns it around", () => {
  const firstGroup = (pattern: string): string | undefined => compileRe2(pattern, free).exec("aaa")!.groups[1];
  expect(firstGroup("(a+)a*")).toBe("aaa");
  expect(firstGroup("(a+?)a*")).toBe("a");
  expect(firstGroup("(?U)(a+)a*")).toBe("a");
  expect(firstGroup("(?U)(a+?)a*")).toBe("aaa");
  expect(firstGroup("(a){2}")).toBe("a");
  expect(firstGroup("(a{1,2}?)")).toBe("a");
});

test("folding agrees with Unicode's for every letter of the BMP", () => {
  const differing: string[] = [];
  for (let codePoint = 0x80; codePoint < 0xd800; codePoint++) {
    const letter = String.fromCodePoint(codePoint);
    const cases = new Set([letter.toLowerCase(), letter.toUpperCase()]);
    if (!/^\p{L}$/u.test(letter) || cases.size === 1) {
      continue;
    }
    const ours = compileRe2(`(?i)${letter}`, whole);
    const theirs = new RegExp(`^${letter}$`, "iu");
    differing.push(...[...cases].filter((other) => ours.test(other) !== theirs.test(other)));
  }
  expect(differing).toEqual([]);
});

test("agrees with JavaScript on the syntax that both share", () => {
  const atom = fc.constantFrom("a", "b", "[ab]", "[^a]", "(?:ab|b)", "(?:a|)", "\\d", ".");
  const quantified = fc.tuple(atom, fc.constantFrom("", "*", "+", "?", "{2}", "{1,3}", "*?")).map(([a, q]) => a + q);
  const pattern = fc.array(quantified, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(""));
  const text = fc.string({ unit: fc.constantFrom("a", "b", "1", "\n"), maxLength: 12 });
  fc.assert(
    fc.property(pattern, text, (source, input) => {
      const found = compileRe2(source, free).exec(input);
      const wanted = new RegExp(source, "u").exec(input.replaceAll("\r", ""));
      expect([found?.index, found?.groups[0]]).toEqual([wanted?.index, wanted?.[0]]);
      expect(compileRe2(source, whole).test(input)).toBe(new RegExp(`^(?:${source})$`, "su").test(input));
    }),
    { numRuns: 500 },
  );
});

test("any text is compiled or refused, never a crash", () => {
  const unit = fc.constantFrom(...Array.from("ab(){}[]|*+?\\^$.-,:<>=!iPpLdQEx019 \n\u{1f600}é"));
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 24 }), (pattern) => {
      let regex;
      try {
        regex = compileRe2(pattern, free);
      } catch (error) {
        expect((error as Error).message).toMatch(/^error parsing regexp: /u);
        return;
      }
      expect(typeof regex.test("ab \u{1f600}")).toBe("boolean");
    }),
    { numRuns: 2000 },
  );
});

test.for(["(a+)+$", "(?i)(?:A+)+$", "^(?:a{1,50})+$", "^(a|a)*$", "(?m)^(a*)*c", "(.*)*x.y", "([^b]+)*!$"])(
  "%s does not run away, as it would for years in V8",
  (pattern) => {
    const regex = compileRe2(pattern, free);
    const text = `${"a".repeat(40)}b`;
    expect([regex.test(text), regex.exec(text), regex.matches(text)]).toEqual([false, undefined, []]);
  },
);

test.for([
  { pattern: "(a{1,100}){1,10}b", text: "a".repeat(250_000) },
  { pattern: "[^x]*z", text: "a".repeat(250_000) },
  { pattern: "\\w+ (\\w+)!", text: `${"a".repeat(250_000)} b` },
  { pattern: "error.*timeout", text: "error ".repeat(40_000) },
])("$pattern does not take hours on a long line", ({ pattern, text }) => {
  const regex = compileRe2(pattern, free);
  expect([regex.test(text), regex.exec(text)]).toEqual([false, undefined]);
});
