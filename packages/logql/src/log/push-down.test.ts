import { plainKernels } from "@sluice/kernels";
import { labelsFromRecord, labelValue } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseQuery, type StageNode } from "../syntax/index.ts";
import { Line } from "./line.ts";
import { compilePipeline, reorderStages } from "./pipeline.ts";

const decoder = new TextDecoder();

function stagesOf(stages: string): readonly StageNode[] {
  const expression = parseQuery(`{app="x"} ${stages}`);
  if (expression.kind !== "log") {
    throw new Error("not a log query");
  }
  return expression.stages;
}

test.for([
  { stages: '|= "error" |~ "time.*out"', needles: ["error", "time", "out"] },
  { stages: '|> "<_>level=<_> msg<_>"', needles: ["level=", " msg"] },
  { stages: '!= "a" !~ "b" !> "c<_>"', needles: [] },
  { stages: '|= "one" or "two"', needles: [] },
  { stages: '|= "one" or ""', needles: ["one"] },
  { stages: '|= ip("10.0.0.1")', needles: [] },
  { stages: '| json | level="x" |= "late"', needles: ["late"] },
  { stages: '|= "early" | line_format "x" |= "late"', needles: ["early"] },
  { stages: '|= "early" | unpack |= "late"', needles: ["early"] },
  { stages: '| decolorize |= "moved" | level="x" |= "late"', needles: ["moved"] },
])("needles of $stages", ({ stages, needles }) => {
  const found = compilePipeline(stagesOf(stages), plainKernels).needles.map((needle) => decoder.decode(needle));
  expect(found).toEqual(needles);
});

test.for([
  { stages: '| trace="1"', equalities: ["trace=1"] },
  { stages: '| trace="1" and b="2" | c="3"', equalities: ["trace=1", "b=2", "c=3"] },
  { stages: '| trace="1" or b="2"', equalities: [] },
  { stages: '| trace!="1" | b=~"2" | c="" | d>1', equalities: [] },
  { stages: '| __error__="" | trace_extracted="1"', equalities: [] },
  { stages: '|= "x" | line_format "y" | decolorize | trace="1"', equalities: ["trace=1"] },
  { stages: '| json | trace="1"', equalities: [] },
  { stages: '| label_format trace="1" | trace="1"', equalities: [] },
  { stages: '| drop trace | trace="1"', equalities: [] },
])("equalities of $stages", ({ stages, equalities }) => {
  const found = compilePipeline(stagesOf(stages), plainKernels).equalities;
  expect(found.map(({ name, value }) => `${name}=${value}`)).toEqual(equalities);
});

test.for([
  { stages: '| json | level="error"', hints: ["level=error"] },
  { stages: '| logfmt | level="error" and code="E-100.4"', hints: ["level=error", "code=E-100.4"] },
  { stages: '| json | path="/api/v1/users"', hints: ["path=users"] },
  { stages: '| json | level="er"', hints: [] },
  { stages: '| json | level="two words"', hints: [] },
  { stages: '| json | level="error" or a="bcd"', hints: [] },
  { stages: '| json | level_extracted="error"', hints: [] },
  { stages: '| level="error" | json', hints: [] },
  { stages: '| json | label_format level=lvl | level="error"', hints: [] },
  { stages: '| line_format "x" | json | level="error"', hints: [] },
  { stages: '| decolorize | json | level="error"', hints: [] },
  { stages: '| unpack | level="error"', hints: [] },
])("hints of $stages", ({ stages, hints }) => {
  const found = compilePipeline(stagesOf(stages), plainKernels).valueHints;
  expect(found.map(({ name, value }) => `${name}=${decoder.decode(value)}`)).toEqual(hints);
});

test.for([
  { stages: '| json |= "a"', order: "lineFilter json" },
  { stages: '| json | decolorize | drop x |= "a" | logfmt', order: "lineFilter json decolorize drop logfmt" },
  { stages: '| json | x="1" |= "a"', order: "json labelFilter lineFilter" },
  { stages: '| json | line_format "x" | logfmt |= "a"', order: "json lineFormat lineFilter logfmt" },
  { stages: '| unpack |= "a"', order: "unpack lineFilter" },
])("order of $stages", ({ stages, order }) => {
  expect(reorderStages(stagesOf(stages)).map(({ kind }) => kind)).toEqual(order.split(" "));
});

test("what storage is told hides no line that passes", () => {
  const filters = ['|= "err"', '|~ "er+or"', '|> "<_>=<_>"', '|= "err" or ""', '| level="error"', '| level="a/b.c"'];
  const conditions = ['| trace="t-1" and level="error"', '| app_extracted="inner"', '| level=~"err.*"'];
  const parsers = [
    "| json",
    "| logfmt",
    "| unpack",
    '| logfmt level="k"',
    '| json level="k"',
    '| pattern "<level> <_>"',
  ];
  const formats = [
    '| label_format level="error"',
    "| label_format level=k",
    '| line_format "level=error"',
    "| decolorize",
  ];
  const part = fc.constantFrom(
    ...filters,
    ...conditions,
    ...parsers,
    ...formats,
    "| drop level",
    "| keep level, trace",
  );
  const value = fc.constantFrom("error", "a/b.c", "err", "inner", String.raw`a\/b.c`, "err\\u006fr", "t-1");
  const key = fc.constantFrom("level", "app", "k", "trace", "_entry");
  const pairs = fc.array(fc.tuple(key, value), { maxLength: 4 });
  const line = fc.oneof(
    pairs.map((all) => `{${all.map(([name, text]) => `"${name}":"${text}"`).join(",")}}`),
    pairs.map((all) => all.map(([name, text]) => `${name}="${text}"`).join(" ")),
    pairs.map((all) => all.map(([name, text]) => `\u001b[1m${name}\u001b[0m=${text}`).join(" ")),
  );
  const metadata = fc.dictionary(fc.constantFrom("level", "trace", "app"), value, { noNullPrototype: true });
  const stream = labelsFromRecord({ app: "x" });
  const entry = fc.record({ text: line, metadata: metadata.map(labelsFromRecord) });
  const work = new Line();
  let passed = 0;
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), fc.array(entry, { maxLength: 8 }), (parts, entries) => {
      const { stages, needles, equalities, valueHints } = compilePipeline(stagesOf(parts.join(" ")), plainKernels);
      for (const { text, metadata: own } of entries) {
        const bytes = new TextEncoder().encode(text);
        work.reset(bytes, 0, bytes.length);
        work.labels.reset(stream, own);
        if (!stages.every((stage) => stage(work))) {
          continue;
        }
        passed += 1;
        const holds = (needle: Uint8Array): boolean => text.includes(decoder.decode(needle));
        expect(needles.every(holds), "needles").toBe(true);
        for (const { name, value: wanted } of equalities) {
          expect([labelValue(stream, name), labelValue(own, name)]).toContain(wanted);
        }
        for (const { name, value: wanted } of valueHints) {
          const isElsewhere = [stream, own].some((labels) => labelValue(labels, name) !== "");
          expect(isElsewhere || text.includes("\\u") || holds(wanted), "hints").toBe(true);
        }
      }
    }),
    { numRuns: 3000 },
  );
  expect(passed).toBeGreaterThan(1000);
});
