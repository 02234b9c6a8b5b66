import { isServiceError, labelsFromRecord, labelsToRecord, printLabels, ServiceError } from "@sluice/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseStreamLabels } from "./stream-labels.ts";

describe("accepted", () => {
  test.for<{ readonly text: string; readonly want: Readonly<Record<string, string>> }>([
    { text: "", want: {} },
    { text: "{}", want: {} },
    { text: '{app="x"}', want: { app: "x" } },
    { text: '{app="x",}', want: { app: "x" } },
    { text: ' {\n\tapp = "x" ,\r\n pod="y" } ', want: { app: "x", pod: "y" } },
    { text: "{app='x'}", want: { app: "x" } },
    { text: "{app=`x\\n\n`}", want: { app: "x\\n\n" } },
    { text: '{app="x" # why\n}', want: { app: "x" } },
    { text: '{a="",b="x"}', want: { b: "x" } },
    { text: '{a="x",a=""}', want: {} },
    { text: '{by="a",sum="b",inf="c"}', want: { by: "a", inf: "c", sum: "b" } },
    { text: String.raw`{a="\a\b\f\n\r\t\v\\\""}`, want: { a: '\u0007\b\f\n\r\t\v\\"' } },
    { text: String.raw`{a='\'"'}`, want: { a: `'"` } },
    { text: String.raw`{a="\u00e9\U0001F600\x41\101"}`, want: { a: "é😀AA" } },
    { text: String.raw`{a="\xc3\xa9\303\251"}`, want: { a: "éé" } },
    { text: String.raw`{a="\xff"}`, want: { a: "\ufffd" } },
    { text: '{"a.b"="x"}', want: { "a.b": "x" } },
    { text: "up", want: { __name__: "up" } },
    { text: 'job:up{a="b"}', want: { __name__: "job:up", a: "b" } },
    { text: 'sum{__name__="x"}', want: { __name__: "sum" } },
    { text: '{"up",a="b"}', want: { __name__: "up", a: "b" } },
  ])("$text", ({ text, want }) => {
    expect(labelsToRecord(parseStreamLabels(text))).toEqual(want);
  });
});

test("a name that comes twice is told twice", () => {
  expect(printLabels(parseStreamLabels('{b="x",a="2",a="1"}'))).toBe('{a="2", a="1", b="x"}');
});

describe("refused, with Prometheus' message", () => {
  test.for([
    { text: '{a-b="x"}', want: "1:3: parse error: unexpected character inside braces: '-'" },
    { text: '{é="x"}', want: "1:2: parse error: unexpected character inside braces: 'é'" },
    { text: '{a="é",é="x"}', want: "1:9: parse error: unexpected character inside braces: 'é'" },
    { text: '{\na="x",\n5="x"}', want: "3:1: parse error: unexpected character inside braces: '5'" },
    { text: "{'", want: "1:2: parse error: unterminated quoted string" },
    { text: "{", want: "1:2: parse error: unexpected end of input inside braces" },
    { text: '{a="b"', want: "1:7: parse error: unexpected end of input inside braces" },
    { text: "{{}", want: "1:2: parse error: unexpected left brace '{'" },
    { text: "{a!b}", want: "1:3: parse error: unexpected character after '!' inside braces: 'b'" },
    { text: '{a="x\ny"}', want: "1:4: parse error: unterminated quoted string" },
    { text: "{a=`x", want: "1:4: parse error: unterminated raw string" },
    { text: '{a="\ufffd"}', want: "1:4: parse error: invalid UTF-8 rune" },
    { text: "{a=`\ufffd`}", want: "1:4: parse error: invalid UTF-8 rune" },
    { text: String.raw`{a="\q"}`, want: "1:4: parse error: unknown escape sequence U+0071 'q'" },
    { text: String.raw`{a="\'"}`, want: "1:4: parse error: unknown escape sequence U+0027 '''" },
    { text: String.raw`{a="\xg0"}`, want: "1:4: parse error: illegal character U+0067 'g' in escape sequence" },
    { text: String.raw`{a="\400"}`, want: "1:4: parse error: escape sequence is an invalid Unicode code point" },
    { text: String.raw`{a="\ud800"}`, want: "1:4: parse error: escape sequence is an invalid Unicode code point" },
    { text: String.raw`{a="\u00`, want: "1:4: parse error: escape sequence not terminated" },
    { text: '{a="\\', want: "1:4: parse error: escape sequence not terminated" },
    { text: "{a=b}", want: '1:4: parse error: unexpected identifier "b" in label set, expected string' },
    { text: '{a!="b"}', want: '1:3: parse error: unexpected <op:!=> in label set, expected "="' },
    { text: '{a=~"b"}', want: '1:3: parse error: unexpected <op:=~> in label set, expected "="' },
    { text: "{a}", want: '1:3: parse error: unexpected "}" in label set, expected "="' },
    { text: '{a="b" c="d"}', want: '1:8: parse error: unexpected identifier "c" in label set, expected "," or "}"' },
    { text: '{,a="b"}', want: '1:2: parse error: unexpected "," in label set, expected identifier or "}"' },
    { text: '{a="b",,}', want: '1:8: parse error: unexpected "," in label set, expected identifier or "}"' },
    { text: '{"a"="b" "c"}', want: '1:10: parse error: unexpected string "\\"c\\"" in label set, expected "," or "}"' },
    {
      text: '{a="b" "a long string"}',
      want: '1:8: parse error: unexpected string "\\"a long st"... in label set, expected "," or "}"',
    },
    { text: 'a="b"', want: '1:2: parse error: unexpected "="' },
    { text: "}", want: "1:1: parse error: unexpected character: '}'" },
    { text: "{}}", want: "1:3: parse error: unexpected character: '}'" },
    { text: '{a="b"} c', want: '1:9: parse error: unexpected identifier "c"' },
    { text: '{a="b"} c:d', want: '1:9: parse error: unexpected metric identifier "c:d"' },
    { text: '{a="b"} 1.5e3', want: '1:9: parse error: unexpected number "1.5e3"' },
    { text: '{a="b"} by', want: "1:9: parse error: unexpected <by>" },
    { text: '{a="b"} sum', want: "1:9: parse error: unexpected <aggr:sum>" },
    { text: '{a="b"} or', want: "1:9: parse error: unexpected <op:or>" },
    { text: '{a="b"} |= "x"', want: "1:9: parse error: unexpected character: '|'" },
    { text: '{a="b"} != "x"', want: "1:9: parse error: unexpected <op:!=>" },
    { text: '{a="b"} =~', want: "1:9: parse error: unexpected character after '=': '~'" },
    { text: '{a="b"} !', want: "1:9: parse error: unexpected character after '!': '\ufffd'" },
    { text: '{a="b"}[5m]', want: '1:8: parse error: unexpected "["' },
    { text: "]", want: "1:1: parse error: unexpected right bracket ']'" },
    { text: ")", want: "1:2: parse error: unexpected right parenthesis ')'" },
    { text: "bool", want: "1:1: parse error: unexpected <bool>" },
    { text: "inf", want: '1:1: parse error: unexpected number "inf"' },
  ])("$text", ({ text, want }) => {
    expect(() => parseStreamLabels(text)).toThrow(new ServiceError("bad_data", want));
  });

  test("labels longer than 16 MiB", () => {
    expect(() => parseStreamLabels(`{a="${"x".repeat(2 ** 24)}"}`)).toThrow(
      "request body too large: stream labels size 17 MB exceeds limit of 17 MB",
    );
  });
});

test.for(['"', "'"])("a value of nearly 16 MiB in %s costs no more than a copy", (quote) => {
  const value = "x".repeat(2 ** 24 - 6);
  const before = process.threadCpuUsage();
  expect(parseStreamLabels(`{a=${quote}${value}${quote}}`)[0]!.value.length).toBe(value.length);
  const { user } = process.threadCpuUsage(before);
  // Character by character it is a second.
  expect(user / 1000).toBeLessThan(400);
});

test("what printLabels prints is read back", () => {
  const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,5}$/u);
  const value = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !text.includes("\ufffd"));
  fc.assert(
    fc.property(fc.dictionary(name, value, { maxKeys: 5 }), (record) => {
      const labels = labelsFromRecord(record);
      expect(parseStreamLabels(printLabels(labels))).toEqual(labels);
    }),
    { numRuns: 500 },
  );
});

test("any text is read or refused", () => {
  const fragment = fc.constantFrom(
    "{",
    "}",
    "a",
    '"',
    "'",
    "`",
    "\\",
    "=",
    ",",
    " ",
    "x41",
    "u00e9",
    "!",
    "~",
    "#",
    "\n",
    "1",
    "é",
    "😀",
  );
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 25 }), (fragments) => {
      try {
        parseStreamLabels(fragments.join(""));
      } catch (error) {
        expect(isServiceError(error, "bad_data"), String(error)).toBe(true);
      }
    }),
    { numRuns: 3000 },
  );
});
