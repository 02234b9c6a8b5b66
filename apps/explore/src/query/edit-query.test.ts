import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  addLineFilter,
  filterOf,
  removeStage,
  selectorOf,
  toggleFilter,
  type Field,
  type FieldOrigin,
} from "./edit-query.ts";
import { findPipeline } from "./log-query.ts";

const field = (origin: FieldOrigin, name = "f", value = "v"): Field => ({ name, value, origin });

test.for<[string, Field, "=" | "!=", string]>([
  // A label goes into the selector.
  ['{a="b"}', field("label"), "=", '{a="b", f="v"}'],
  ['{a="b"} |= "x" | json', field("label"), "!=", '{a="b", f!="v"} |= "x" | json'],
  ['{f="v"}', field("label"), "!=", '{f!="v"}'],
  ['{f="other", a="b"}', field("label"), "=", '{f="v", a="b"}'],
  ['{f=~"v|w"}', field("label"), "=", '{f=~"v|w", f="v"}'],
  ['{a="b", f="v"}', field("label"), "=", '{a="b"}'],
  ['{f="v", a="b"}', field("label"), "=", '{a="b"}'],
  ["{}", field("label"), "=", '{f="v"}'],
  ['rate({a="b"}[5m])', field("label"), "=", 'rate({a="b", f="v"}[5m])'],
  // Metadata comes before the first parser.
  ['{a="b"}', field("metadata"), "=", '{a="b"} | f="v"'],
  ['{a="b"} |= "x" | json | c="d"', field("metadata"), "!=", '{a="b"} |= "x" | f!="v" | json | c="d"'],
  ['{a="b"} | f="v" | json', field("metadata"), "=", '{a="b"} | json'],
  ['{a="b"} | f="v" | json', field("metadata"), "!=", '{a="b"} | f!="v" | json'],
  // Parsed fields come last.
  ['{a="b"} | json | c="d"', field("parsed"), "=", '{a="b"} | json | c="d" | f="v"'],
  ['{a="b"} |= "x"', field("json"), "=", '{a="b"} |= "x" | json | f="v"'],
  ['{a="b"} | json', field("json"), "!=", '{a="b"} | json | f!="v"'],
  ['{a="b"} | json', field("logfmt"), "=", '{a="b"} | json | logfmt | f="v"'],
  ['sum(rate({a="b"} | json [5m]))', field("parsed"), "=", 'sum(rate({a="b"} | json | f="v" [5m]))'],
  // Quoted as Go does.
  ['{a="b"}', field("label", "f", 'say "hi"\\'), "=", '{a="b", f="say \\"hi\\"\\\\"}'],
])("%s with %o %s gives %s", ([query, field, operator, want]) => {
  expect(toggleFilter(query, field, operator)).toBe(want);
});

test("asking twice takes a filter away, asking for the opposite turns it", () => {
  const base = fc.constantFrom(
    '{a="b"}',
    '{a="b"} |= "x"',
    '{a="b"} | json | c="d"',
    '{a="b"} |= "x" | logfmt',
    '{a="b"} | g="h" | json',
  );
  const origin = fc.constantFrom<FieldOrigin>("label", "metadata", "parsed", "json", "logfmt");
  fc.assert(
    fc.property(base, origin, fc.string({ unit: "binary" }), (query, origin, value) => {
      const clicked = field(origin, "f", value);
      const filtered = toggleFilter(query, clicked, "=");
      expect(filterOf(filtered, clicked)).toBe("=");
      const turned = toggleFilter(filtered, clicked, "!=");
      expect(filterOf(turned, clicked)).toBe("!=");
      const removed = toggleFilter(turned, clicked, "!=");
      expect(filterOf(removed, clicked)).toBeUndefined();
      // A parser that was added for the filter may stay; nothing else does.
      expect([query, `${query} | json`, `${query} | logfmt`]).toContain(removed);
    }),
  );
});

test("a selector from picked values", () => {
  const picked = new Map([
    ["namespace", new Set(["shop"])],
    ["app", new Set(["cart", "a.b"])],
    ["pod", new Set<string>()],
  ]);
  expect(selectorOf(picked)).toBe('{namespace="shop", app=~"cart|a\\\\.b"}');
  expect(selectorOf(new Map())).toBe("");
});

test("a line filter stands with the others", () => {
  expect(addLineFilter('{a="b"} |= "x" | json', "y")).toBe('{a="b"} |= "x" |= "y" | json');
});

test("a stage is taken out with the blank before it", () => {
  const query = '{a="b"} |= "x" | json | c="d"';
  expect(removeStage(query, findPipeline(query)!.stages[1]!)).toBe('{a="b"} |= "x" | c="d"');
});
