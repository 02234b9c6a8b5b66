import { plainKernels } from "@sluice/kernels";
import { labelsFromRecord } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseQuery } from "../../syntax/index.ts";
import { Line } from "../line.ts";
import { compilePipeline } from "../pipeline.ts";

const queries = [
  "| json",
  '| json a="a.b[0].c", b="[0][1]", c',
  "| logfmt",
  "| logfmt --strict --keep-empty",
  '| logfmt a="b", c',
  "| unpack",
  '| pattern "<a> <_>\\"<b>]<c>"',
  "| decolorize",
  '|> "<_>a<_>]<_>"',
  '|= ip("10.0.0.0/8")',
  "| json | keep a | drop a | logfmt | unpack",
];

const stream = labelsFromRecord({ app: "x", a: "1" });

function compile(stages: string): (bytes: Uint8Array) => Line {
  const expression = parseQuery(`{app="x"} ${stages}`);
  if (expression.kind !== "log") {
    throw new Error("not a log query");
  }
  const pipeline = compilePipeline(expression.stages, plainKernels);
  const line = new Line();
  return (bytes) => {
    line.reset(bytes, 0, bytes.length);
    line.labels.reset(stream, []);
    for (const stage of pipeline.stages) {
      if (!stage(line)) {
        break;
      }
    }
    line.labels.all();
    return line;
  };
}

const lineBytes = 120_000;
const pieces = [
  "{",
  "[",
  '"',
  "\\",
  " ",
  "{[",
  '{"a":',
  '{"a":[',
  '{"":',
  '[{"a":',
  '{"a":"',
  '{"a":{"b":{},',
  '"\\"',
  '\\"',
  "= ",
  '"x ',
  'a="\\q" ',
  "a=",
  "a= ",
  "\u001b[",
  "\u001b;",
  "\u001b[1;",
  ";",
  "10.",
  "a:",
  "::1",
  "1.2.3.4.",
  "\ufffd=1 ",
  "a",
];

test.for(queries)("a long line of anything takes no longer than another: %s", (query) => {
  const run = compile(query);
  const slow: string[] = [];
  for (const piece of pieces) {
    for (const prefix of ["", '{"a":', '{"k":"v","a":[', 'a="', "\u001b["]) {
      const text = prefix + piece.repeat(Math.ceil(lineBytes / piece.length));
      const bytes = new TextEncoder().encode(text);
      const startMs = performance.now();
      run(bytes);
      const tookMs = performance.now() - startMs;
      // It takes some milliseconds; what is not linear takes many seconds.
      if (tookMs > 500) {
        slow.push(`${JSON.stringify(prefix)} ${JSON.stringify(piece)}: ${tookMs} ms`);
      }
    }
  }
  expect(slow).toEqual([]);
});

test.for(queries)("many labels take no longer for each than few: %s", (query) => {
  const run = compile(query);
  const fields = Array.from({ length: 50_000 }, (_, i) => `"key${i}":"${i}"`).join(",");
  const pairs = Array.from({ length: 50_000 }, (_, i) => `key${i}=${i}`).join(" ");
  const long = "k".repeat(500_000);
  for (const text of [`{${fields}}`, pairs, `{"${long}":{${fields}}}`, `{"_entry":"x",${fields}}`]) {
    const bytes = new TextEncoder().encode(text);
    const startMs = performance.now();
    run(bytes);
    expect(performance.now() - startMs).toBeLessThan(2000);
  }
});

test("no line makes a stage throw", () => {
  const compiled = queries.map(compile);
  const marks = ["{", "}", "[", "]", '"', ":", ",", "\\", "=", " ", ".", "\n", "\u001b", "\u009b", "\u0007", "::"];
  const words = ['{"', '":', "\\u", "d800", "_entry", "true", "null", "a", "b", "1", "é", "\u{1f600}", "10.0.0.1"];
  const unit = fc.constantFrom(...marks, ...words);
  const text = fc.string({ unit, maxLength: 40 }).map((each) => new TextEncoder().encode(each));
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 40 })), (bytes) => {
      for (const run of compiled) {
        expect(run(bytes).text).toBeTypeOf("string");
      }
    }),
    { numRuns: 1500 },
  );
});
