import { labelsFromRecord, labelsToRecord } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compileJson } from "./json.ts";
import { Line } from "../line.ts";
import { everyLabel, onlyLabels, type ParserHints } from "../parser-hints.ts";

function parsed(text: string, hints: ParserHints = everyLabel): Record<string, string> {
  const line = new Line();
  const bytes = new TextEncoder().encode(text);
  line.reset(bytes, 0, bytes.length);
  line.labels.reset(labelsFromRecord({ app: "x" }), []);
  expect(compileJson(hints)(line)).toBe(true);
  return labelsToRecord(line.labels.categorised().parsed);
}

test.for([
  { text: '{"a":1}', want: { a: "1" } },
  { text: '  {"a":-0.0,"b":1E+2,"c":12345678901234567890}', want: { a: "-0.0", b: "1E+2", c: "12345678901234567890" } },
  { text: '{"a":true,"b":false,"c":null,"d":[1,{"e":2}]}', want: { a: "true", b: "false" } },
  { text: '{"a":{"b":{"c":"d"}}}', want: { a_b_c: "d" } },
  { text: '{"a.b":1," c d ":2,"é":3,"1x":{"2":4},"":5}', want: { a_b: "1", c_d: "2", _: "3", _1x_2: "4" } },
  { text: '{"a":1,"a":2,"A":3}', want: { a: "1", A: "3" } },
  { text: '{"app":"y"}', want: { app_extracted: "y" } },
  { text: '{"a":"\\"\\\\\\/\\n\\u00e9\\ud83d\\ude00"}', want: { a: '"\\/\né\u{1f600}' } },
  { text: '{"a":"\\ud800","b":"\\q"}', want: { a: "", b: "" } },
  { text: '{"a":"\ufffd"}', want: { a: " " } },
  { text: '{"a":1} and more', want: { a: "1" } },
  { text: '{"a":1,}', want: { a: "1" } },
  { text: "{}", want: {} },
])("$text", ({ text, want }) => {
  expect(parsed(text)).toEqual(want);
});

test.for([
  { text: "", details: "Value looks like object, but can't find closing '}' symbol" },
  { text: "[1]", details: "Value looks like object, but can't find closing '}' symbol" },
  { text: "{", details: "Malformed JSON error" },
  { text: '{"a" 1}', details: "Malformed JSON error" },
  { text: '{"a":x}', details: "Unknown value type" },
  { text: '{"a":"b', details: "Value is string, but can't find closing '\"' symbol" },
  { text: '{"a":[1', details: "Value is array, but can't find closing ']' symbol" },
  { text: '{"a":1', details: "Value is array, but can't find closing ']' symbol" },
  { text: '{"\\q":1}', details: "Encountered an invalid escape sequence in a string" },
  { text: '{"a":'.repeat(520) + "1" + "}".repeat(520), details: "objects are nested deeper than 512" },
])("$text is an error", ({ text, details }) => {
  expect(parsed(text)).toMatchObject({ __error__: "JSONParserErr", __error_details__: details });
});

test("only what the query needs is read, also of what is broken behind it", () => {
  expect(parsed('{"a":1,"b":{"c":2,"d":3}, broken', onlyLabels(["b_c"]))).toEqual({ b_c: "2" });
  expect(parsed("broken", onlyLabels([]))).toEqual({});
  expect(parsed("broken", onlyLabels(["__error__"]))).toMatchObject({ __preserve_error__: "true" });
});

test("flat JSON objects come out as JSON.parse reads them", () => {
  const key = fc.stringMatching(/^[a-z_]{1,5}$/u).filter((name) => name !== "app" && name !== "__proto__");
  const value = fc.oneof(fc.string({ unit: "grapheme" }), fc.integer(), fc.boolean());
  fc.assert(
    fc.property(fc.dictionary(key, value, { noNullPrototype: true }), fc.nat(2), (object, indent) => {
      const want = Object.entries(object).map(([name, each]) => [name, String(each).replaceAll("\ufffd", " ")]);
      expect(parsed(JSON.stringify(object, undefined, indent))).toEqual(Object.fromEntries(want));
    }),
  );
});

test("any text is read or marked, never a crash", () => {
  const unit = fc.constantFrom("{", "}", "[", "]", '"', "\\", ":", ",", "a", "1", "t", "n", "u", " ");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 30 }), (text) => {
      expect(parsed(`{"${text}`)).toBeTypeOf("object");
    }),
    { numRuns: 2000 },
  );
});
