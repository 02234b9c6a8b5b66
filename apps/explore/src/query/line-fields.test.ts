import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fieldsOf, fieldsOfText } from "./line-fields.ts";

const pairs = (text: string) => fieldsOfText(text).map(({ name, value, origin }) => [origin, name, value]);

test.for([
  [
    '{"a":"x","b":{"c":1,"d-e":true},"l":[1],"n":null}',
    [
      ["json", "a", "x"],
      ["json", "b_c", "1"],
      ["json", "b_d_e", "true"],
    ],
  ],
  [
    'level=info msg="order \\"placed\\"\\n" dur=5ms empty=',
    [
      ["logfmt", "level", "info"],
      ["logfmt", "msg", 'order "placed"\n'],
      ["logfmt", "dur", "5ms"],
    ],
  ],
  ["add item sku=118 to cart", [["logfmt", "sku", "118"]]],
  [
    '{"a":1, "a.b":2, "a_b":3, "1x":4}',
    [
      ["json", "a", "1"],
      ["json", "a_b", "2"],
      ["json", "_1x", "4"],
    ],
  ],
  ["{broken json", []],
  ["no fields", []],
] as const)("fields of %s", ([text, want]) => {
  expect(pairs(text)).toEqual(want);
});

test("a field with the name of a label is what LogQL calls it", () => {
  expect(fieldsOf({ seconds: 0, nanos: 0, line: "app=x", labels: { app: "cart" } }).parsed).toEqual([
    { name: "app_extracted", value: "x", origin: "logfmt" },
  ]);
});

test("what the query parsed stands in the place of what the page would", () => {
  const line = {
    seconds: 0,
    nanos: 0,
    line: "a=1 b=2",
    labels: { app: "cart" },
    metadata: { trace: "t" },
    parsed: { a: "1" },
  };
  const { labels, metadata, parsed } = fieldsOf(line);
  expect([...labels, ...metadata, ...parsed]).toEqual([
    { name: "app", value: "cart", origin: "label" },
    { name: "trace", value: "t", origin: "metadata" },
    { name: "a", value: "1", origin: "parsed" },
  ]);
});

test("in a tail, what is no label of a stream is metadata", () => {
  const { labels, metadata } = fieldsOf(
    { seconds: 0, nanos: 0, line: "", labels: { app: "a", trace: "t" } },
    new Set(["app"]),
  );
  expect([...labels, ...metadata].map(({ name, origin }) => [name, origin])).toEqual([
    ["app", "label"],
    ["trace", "metadata"],
  ]);
});

test("any line is read", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), (text) => fieldsOfText(text).length <= 200),
  );
});
