import fc from "fast-check";
import { expect, test } from "vitest";
import { JsonPathReader } from "./json-path-reader.ts";

function read(text: string, ...paths: (readonly string[])[]): string[] {
  const found: string[] = [];
  const reader = new JsonPathReader(paths, (path, value, error) => {
    found.push(error === undefined ? `${path}:${value.source(text)}` : `${path}: ${error}`);
  });
  reader.read(text);
  return found;
}

test.for([
  { text: '{"a":1}', path: ["a"], want: ["0:1"] },
  { text: '{"a":{"b":"c"}}', path: ["a", "b"], want: ["0:c"] },
  { text: '{"a":{"b":"c"}}', path: ["a"], want: ['0:{"b":"c"}'] },
  { text: '{"x":{"a":1},"a":2}', path: ["a"], want: ["0:2"] },
  { text: '{"a":[1,{"b":[2,3]}]}', path: ["a", "[1]", "b", "[0]"], want: ["0:2"] },
  { text: '[[1],["x"]]', path: ["[1]", "[0]"], want: ["0:x"] },
  { text: '[1,"x"]', path: ["[1]"], want: ["0:x"] },
  { text: "[1,2]", path: ["[9]"], want: [] },
  { text: '{"a":1,"a":2}', path: ["a"], want: ["0:1"] },
  { text: '{"a b":1}', path: ["a b"], want: ["0:1"] },
  { text: '{"\\u0061":1}', path: ["a"], want: ["0:1"] },
  { text: '{"a":nul}', path: ["a"], want: ["0: Unknown value type"] },
  { text: '{"a":"open', path: ["a"], want: ["0: Value is string, but can't find closing '\"' symbol"] },
  { text: '"a":1', path: ["a"], want: ["-1: Malformed JSON error"] },
  { text: '"a"', path: ["a"], want: [] },
  { text: '{"a":{"b":1}}', path: ["[0]"], want: [] },
  { text: '{"a":', path: ["a", "b"], want: [] },
])("$text $path", ({ text, path, want }) => {
  expect(read(text, path)).toEqual(want);
});

test("values come in the order of the document", () => {
  expect(read('{"b":1,"a":{"c":[2]}}', ["a", "c", "[0]"], ["b"], ["none"])).toEqual(["1:1", "0:2"]);
});

test("what JSON.parse finds is found", () => {
  const key = fc.constantFrom("a", "b", "c");
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.integer(),
      fc.constantFrom(true, "text", 'with "quotes" {[', null),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));
  const steps = fc.array(fc.constantFrom("a", "b", "c", "[0]", "[1]"), { minLength: 1, maxLength: 4 });
  const object = fc.dictionary(key, value, { noNullPrototype: true });
  fc.assert(
    fc.property(object, steps, fc.nat(1), (document, path, indent) => {
      const want = path.reduce<unknown>((at, step) => {
        const next = step.startsWith("[") ? step.slice(1, -1) : step;
        const isRight = Array.isArray(at) === step.startsWith("[");
        return isRight && typeof at === "object" ? (at as Record<string, unknown> | null)?.[next] : undefined;
      }, document);
      const text = JSON.stringify(document, undefined, indent);
      const found: unknown[] = [];
      new JsonPathReader([path], (_, found1) => {
        const source = found1.source(text);
        found.push(JSON.parse(found1.kind === "string" ? `"${source}"` : source));
      }).read(text);
      expect(found).toEqual(want === undefined ? [] : [want]);
    }),
    { numRuns: 3000 },
  );
});
