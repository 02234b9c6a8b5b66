import fc from "fast-check";
import { expect, test } from "vitest";
import { functionNames } from "../src/template/functions/table.ts";
import {
  complete,
  parseQuery,
  parseTolerant,
  printExpression,
  templateFunctionNames,
  type CompletionItem,
} from "../src/syntax/index.ts";
import { anyExpression } from "./any-expression.ts";

/** Completes at the mark. */
function completeAt(marked: string): ReturnType<typeof complete> {
  const cursor = marked.indexOf("\u2016");
  return complete(marked.replace("\u2016", ""), cursor);
}

/** Items in short: `kind`, `kind text` or `kind(label)`; `"` behind a kind asks for quotes. */
function short({ kind, text, label, needsQuotes }: CompletionItem): string {
  return `${kind}${needsQuotes === true ? '"' : ""}${label === undefined ? "" : `(${label})`}${text === undefined ? "" : ` ${text}`}`;
}

const selector = '{a="b"}';

test.for([
  { query: "\u2016", has: ["function rate", "function sum", "punctuation {", "number"], hasNot: ["stage json"] },
  { query: "su\u2016", has: ["function sum", "function sum_over_time"], hasNot: ["field"] },
  { query: "{\u2016", has: ["streamLabel", "punctuation }"], hasNot: ["field"] },
  { query: '{a="b", \u2016', has: ["streamLabel"], hasNot: ["punctuation }"] },
  { query: "{a\u2016}", has: ["streamLabel"], hasNot: [] },
  { query: "{a \u2016", has: ["matchOperator =", "matchOperator =~"], hasNot: ["matchOperator >"] },
  { query: "{a=\u2016", has: ['labelValue"(a)'], hasNot: ["number"] },
  { query: '{a="x\u2016', has: ["labelValue(a)"], hasNot: [] },
  { query: '{a="x\u2016y"} |= "z"', has: ["labelValue(a)"], hasNot: [] },
  { query: '{a=~"(", c="\u2016', has: ["labelValue(c)"], hasNot: [] },
  { query: `${selector} \u2016`, has: ["lineFilter |=", "lineFilter !>", "stage | json"], hasNot: ["stage | unwrap"] },
  {
    query: `${selector} | \u2016`,
    has: ["stage json", "stage keep", "field"],
    hasNot: ["stage unwrap", "stage | json"],
  },
  { query: `${selector} | js\u2016`, has: ["stage json", "field"], hasNot: [] },
  { query: `${selector} |= \u2016`, has: ['lineText"', "function ip"], hasNot: ["field"] },
  { query: `${selector} |= "\u2016`, has: ["lineText"], hasNot: [] },
  { query: `${selector} |~ "\u2016`, has: ["regex"], hasNot: [] },
  { query: `${selector} !> \u2016`, has: ['linePattern"'], hasNot: [] },
  { query: `${selector} |~ "a" or "\u2016`, has: ["regex"], hasNot: [] },
  { query: `${selector} |= ip("\u2016`, has: ["ipPattern"], hasNot: [] },
  { query: `${selector} | logfmt \u2016`, has: ["flag --strict", "newLabel", "stage | json"], hasNot: [] },
  { query: `${selector} | json x=\u2016`, has: ['path"(x)'], hasNot: [] },
  {
    query: `${selector} | json | status \u2016`,
    has: ["matchOperator =", "matchOperator >="],
    hasNot: ["stage | json"],
  },
  {
    query: `${selector} | json | status=\u2016`,
    has: ['fieldValue"(status)', "number", "duration", "function ip"],
    hasNot: [],
  },
  { query: `${selector} | json | status>\u2016`, has: ["number", "duration"], hasNot: ['fieldValue"(status)'] },
  { query: `${selector} | json | status="\u2016`, has: ["fieldValue(status)"], hasNot: [] },
  { query: `${selector} | x=1 \u2016`, has: ["operator and", "operator or", "field"], hasNot: [] },
  { query: `${selector} | label_format x=\u2016`, has: ["field", 'template"(x)'], hasNot: [] },
  { query: `${selector} | drop \u2016`, has: ["field"], hasNot: [] },
  { query: `${selector} | line_format "{{ .x | to\u2016`, has: ["function toDate"], hasNot: ["template"] },
  { query: `${selector} | line_format "{{ .x\u2016 }}"`, has: ["field"], hasNot: ["function toDate"] },
  { query: "rate(\u2016", has: ["punctuation {"], hasNot: ["function rate"] },
  { query: `rate(${selector} \u2016`, has: ["range [5m]", "stage | unwrap"], hasNot: ["operator +"] },
  { query: `rate(${selector}[\u2016`, has: ["range 5m"], hasNot: [] },
  { query: `rate(${selector}[5\u2016m])`, has: ["range 5m"], hasNot: [] },
  { query: `rate(${selector}[5m] \u2016`, has: ["keyword offset", "punctuation )"], hasNot: ["range [5m]"] },
  { query: `rate(${selector} | unwrap \u2016`, has: ["field", "conversion bytes"], hasNot: ["newLabel"] },
  { query: "sum \u2016", has: ["keyword by", "punctuation ("], hasNot: ["field"] },
  { query: "sum by (\u2016", has: ["field"], hasNot: ["function sum"] },
  {
    query: `rate(${selector}[5m]) \u2016`,
    has: ["operator +", "operator and", "keyword by"],
    hasNot: ["lineFilter |="],
  },
  { query: `rate(${selector}[5m]) / \u2016`, has: ["function sum", "keyword on", "keyword bool"], hasNot: [] },
  { query: `{x y} + rate(${selector} | \u2016`, has: ["stage json"], hasNot: [] },
])("$query offers what may follow", ({ query, has, hasNot }) => {
  const offered = completeAt(query).items.map(short);
  expect(offered).toEqual(expect.arrayContaining(has));
  expect(offered.filter((item) => hasNot.includes(item))).toEqual([]);
});

test.for([
  { query: '{a="b"} | js\u2016', part: "js", prefix: "js" },
  { query: '{a="b"} | js\u2016on', part: "json", prefix: "js" },
  { query: '{a="x\u2016y"}', part: "xy", prefix: "x" },
  { query: '{a="x\u2016} | json', part: "x", prefix: "x" },
  { query: 'rate({a="b"}[5\u2016m])', part: "5m", prefix: "5" },
  { query: '{a="b"} \u2016| json', part: "", prefix: "" },
  { query: '{a="b"} | line_format "{{.fo\u2016 }}"', part: ".fo", prefix: ".fo" },
])("$query replaces what is being written", ({ query, part, prefix }) => {
  const found = completeAt(query);
  expect(query.replace("\u2016", "").slice(found.from, found.to)).toBe(part);
  expect(found.prefix).toBe(prefix);
});

test("nothing is offered in comments and behind a selector that is wrong", () => {
  expect(completeAt("# {\u2016").items).toEqual([]);
  expect(completeAt('{a="b"} /* x \u2016').items).toEqual([]);
  expect(completeAt('{a="b"} /* x */ // y \u2016').items).toEqual([]);
  expect(completeAt('{a="b"} # x\n/* y */ \u2016').items).not.toEqual([]);
  expect(completeAt('{a="b" x} | \u2016').items).toEqual([]);
});

test("the matchers around say what to ask the server for", () => {
  expect(completeAt('{a="b", c=~"d", e="\u2016"}').matchers).toEqual([
    { name: "a", operator: "=", value: "b" },
    { name: "c", operator: "=~", value: "d" },
  ]);
  expect(completeAt('rate({a="b"}[5m]) / rate({c="d"} | \u2016').matchers).toEqual([
    { name: "c", operator: "=", value: "d" },
  ]);
});

test("every word that is offered fits", () => {
  fc.assert(
    fc.property(anyExpression, fc.double({ min: 0, max: 1, noNaN: true }), (expression, part) => {
      const text = printExpression(expression);
      const cut = text.slice(0, Math.floor(text.length * part));
      const { from, items } = complete(cut, cut.length);
      for (const { kind, text: word } of items.slice(0, 5)) {
        if (word === undefined || kind === "range" || /[["`]/u.test(cut.slice(from - 1, from))) {
          continue;
        }
        // Whatever is wrong with the whole, the word is not.
        const written = `${cut.slice(0, from)} ${word} ${kind === "function" ? "(" : ""}`;
        const first = parseTolerant(written).errors[0];
        expect(first === undefined || first.offset > from || first.length === written.length).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});

test("a query that is right has no errors, every other has", () => {
  fc.assert(
    fc.property(anyExpression, (expression) => {
      expect(parseTolerant(printExpression(expression)).errors).toEqual([]);
    }),
    { numRuns: 200 },
  );
  for (const wrong of ["", "{}", "rate(0.5, {a='b'}[5m])", 'sum(3, rate({a="b"}[5m]))', '{a="b"} |~ "("']) {
    expect(parseTolerant(wrong).errors).not.toEqual([]);
  }
});

test.for([
  { query: '{a="b"', errors: [["syntax error: unexpected $end, expecting } or ,", 1, 7, 6, 0]] },
  { query: '{a="b"}\n| json x=', errors: [["syntax error: unexpected $end, expecting STRING", 2, 10, 17, 0]] },
  {
    query: '{a="b"} | json x= | y z',
    errors: [["syntax error: unexpected |, expecting STRING", 1, 19, 18, 1]],
  },
  {
    query: '{a="b"} | regexp "(" | x=~"["',
    errors: [
      ["invalid regexp parser: error parsing regexp: missing closing ): `(`", 1, 18, 17, 3],
      ["error parsing regexp: missing closing ]: `[`", 1, 27, 26, 3],
    ],
  },
  {
    query: 'sum(rate({a="b"}[5x]) x) + )',
    errors: [['unknown unit "x" in duration "5x"', 1, 17, 16, 4]],
  },
  {
    query: 'sum(rate({a="b"}[5m]) x y) + ) 1',
    errors: [
      ["syntax error: unexpected IDENTIFIER", 1, 23, 22, 1],
      ["syntax error: unexpected )", 1, 30, 29, 1],
    ],
  },
  { query: '{a="b"} |= "x', errors: [["literal not terminated", 1, 12, 11, 2]] },
  { query: "1 + 0x", errors: [["hexadecimal literal has no digits", 1, 5, 4, 2]] },
])("$query: the errors and their places", ({ query, errors }) => {
  const found = parseTolerant(query).errors.map(({ message, line, column, offset, length }) => [
    message,
    line,
    column,
    offset,
    length,
  ]);
  expect(found.slice(0, errors.length)).toEqual(errors);
});

test("tokens and comments are named for colouring", () => {
  const query = 'sum by (x) (rate({a="b"} | json | y>1KB # why\n[5m] offset 1h)) > bool 2';
  const found = parseTolerant(query).highlights.map(({ kind, from, to }) => `${kind}:${query.slice(from, to)}`);
  expect(found).toEqual(
    [
      "function:sum",
      "keyword:by",
      "punctuation:(",
      "label:x",
      "punctuation:)",
      "punctuation:(",
      "function:rate",
    ].concat(
      ["punctuation:(", "punctuation:{", "label:a", "operator:=", 'text:"b"', "punctuation:}", "operator:|"],
      ["stage:json", "operator:|", "label:y", "operator:>", "size:1KB", "comment:# why", "range:[5m]"],
      ["keyword:offset", "duration:1h", "punctuation:)", "punctuation:)", "operator:>", "keyword:bool", "number:2"],
    ),
  );
});

test("selectors are found whole or not", () => {
  expect(parseTolerant('rate({a="b", c!~"d"}[5m]) / rate({e="f", g').selectors).toEqual([
    {
      matchers: [
        { name: "a", operator: "=", value: "b" },
        { name: "c", operator: "!~", value: "d" },
      ],
      from: 5,
      to: 20,
    },
    { matchers: [{ name: "e", operator: "=", value: "f" }], from: 33, to: 42 },
  ]);
});

test("the highlights of any text lie in order and inside it, and its completion too", () => {
  const part = fc.oneof(
    fc.constantFrom(
      "{",
      "}",
      "(",
      ")",
      "a",
      "=",
      '"x"',
      "|",
      "|=",
      "json",
      "rate(",
      "sum",
      "by",
      "[5m]",
      "[",
      "1",
      '"',
    ),
    fc.constantFrom(
      "or",
      "and",
      ",",
      "-",
      "--strict",
      "5m",
      "1KB",
      "!~",
      "`",
      "#",
      "/*",
      "\n",
      "on",
      "==",
      "^",
      "'",
      "{{",
    ),
    fc.string({ unit: "binary", maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 14 }), fc.constantFrom("", " "), fc.nat(60), (parts, separator, at) => {
      const text = parts.join(separator);
      let end = 0;
      for (const { from, to } of parseTolerant(text).highlights) {
        expect(from).toBeGreaterThanOrEqual(end);
        end = to;
      }
      expect(end).toBeLessThanOrEqual(text.length);
      const cursor = Math.min(at, text.length);
      const { from, to } = complete(text, cursor);
      expect(0 <= from && from <= cursor && cursor <= to && to <= text.length).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test("completion and the parser agree with the functions of templates", () => {
  expect([...templateFunctionNames].sort()).toEqual([...functionNames].sort());
  for (const name of functionNames) {
    expect(() => parseQuery(`{a="b"} | line_format "{{ ${name} }}"`)).not.toThrow(/not defined/u);
  }
});
