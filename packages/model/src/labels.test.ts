import fc from "fast-check";
import { expect, test } from "vitest";
import { compareLabels, labelsFrom, labelsFromRecord, labelValue, printLabels, quoteGo, unquoteGo } from "./labels.ts";

test("labels are sorted and the last of a repeated name is kept", () => {
  const labels = labelsFrom([
    { name: "pod", value: "b" },
    { name: "app", value: "x" },
    { name: "pod", value: "a" },
  ]);
  expect(printLabels(labels)).toBe('{app="x", pod="a"}');
  expect(labelValue(labels, "pod")).toBe("a");
  expect(labelValue(labels, "missing")).toBe("");
});

test("a label may be named like a property of every object", () => {
  expect(printLabels(labelsFrom([{ name: "__proto__", value: "1" }]))).toBe('{__proto__="1"}');
});

test("a name that is none in Prometheus' old sense is quoted", () => {
  expect(printLabels(labelsFromRecord({ "foo.bar": "1", é: "2", _a: "3" }))).toBe('{_a="3", "foo.bar"="1", "é"="2"}');
});

test.for([
  { text: 'a"b', quoted: '"a\\"b"' },
  { text: "tab\there", quoted: '"tab\\there"' },
  { text: "ÿ and 日本", quoted: '"ÿ and 日本"' },
  { text: "\u0000\u001b[0m", quoted: '"\\x00\\x1b[0m"' },
  { text: "no\u00a0break", quoted: '"no\\u00a0break"' },
  { text: "\u{e0001}", quoted: '"\\U000e0001"' },
])("quoteGo: $quoted", ({ text, quoted }) => {
  expect(quoteGo(text)).toBe(quoted);
});

test("what quoteGo writes unquoteGo reads", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(unquoteGo(quoteGo(text).slice(1, -1))).toBe(text.toWellFormed());
    }),
  );
});

test.for(["\\q", "\\x1", "\\u12", "\\UFFFFFFFF", "end\\"])("unquoteGo refuses %s", (body) => {
  expect(() => unquoteGo(body)).toThrow(/invalid escape sequence/u);
});

test("compareLabels puts the shorter of two sets with a common beginning first", () => {
  const short = labelsFromRecord({ app: "x" });
  const long = labelsFromRecord({ app: "x", pod: "a" });
  expect(compareLabels(short, long)).toBeLessThan(0);
  expect(compareLabels(long, labelsFromRecord({ app: "y" }))).toBeLessThan(0);
  expect(compareLabels(long, long)).toBe(0);
});
