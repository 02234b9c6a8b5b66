import * as fc from "fast-check";
import { expect, test } from "vitest";
import { chartQuery, findPipeline, isLogQuery, searchedTexts, volumeQuery } from "./log-query.ts";

function parts(query: string) {
  const pipeline = findPipeline(query);
  return pipeline === undefined
    ? undefined
    : {
        matchers: pipeline.matchers.map(({ start, end }) => query.slice(start, end)),
        stages: pipeline.stages.map(({ start, end, type }) => [type, query.slice(start, end)]),
        text: query.slice(pipeline.start, pipeline.end),
      };
}

test("the parts of a pipeline", () => {
  expect(
    parts('{app="x", pod=~"y{2}|}"} |= "a|b" != `c` | json | status >= 500 and x != "1" | line_format "{{.a}}" '),
  ).toEqual({
    matchers: ['app="x"', 'pod=~"y{2}|}"'],
    stages: [
      ["line-filter", '|= "a|b"'],
      ["line-filter", "!= `c`"],
      ["json", "| json"],
      ["label-filter", '| status >= 500 and x != "1"'],
      ["other", '| line_format "{{.a}}"'],
    ],
    text: '{app="x", pod=~"y{2}|}"} |= "a|b" != `c` | json | status >= 500 and x != "1" | line_format "{{.a}}"',
  });
});

test("the pipeline inside a metric query ends at its range", () => {
  expect(parts('sum by (app) (rate({app="x"} | logfmt | a="b" [5m])) > 1')).toEqual({
    matchers: ['app="x"'],
    stages: [
      ["logfmt", "| logfmt"],
      ["label-filter", '| a="b"'],
    ],
    text: '{app="x"} | logfmt | a="b"',
  });
});

test.for([
  [
    '{app="x"} | json != "y"',
    [
      ["json", "| json"],
      ["line-filter", '!= "y"'],
    ],
  ],
  [
    '{app="x"} |~ "a" |> "<_>" !> "b"',
    [
      ["line-filter", '|~ "a"'],
      ["line-filter", '|> "<_>"'],
      ["line-filter", '!> "b"'],
    ],
  ],
  [
    '{app="x"} |= "a" or "b" | c=ip("1.2.3.0/8")',
    [
      ["line-filter", '|= "a" or "b"'],
      ["label-filter", '| c=ip("1.2.3.0/8")'],
    ],
  ],
  ['{app="x"} # | json\n|= "a" # |= "b"', [["line-filter", '|= "a"']]],
  ['{app="x"} |= "# no comment"', [["line-filter", '|= "# no comment"']]],
  [
    '{app="x"} | (a="1" or b!="2") | json x="y[0]", z',
    [
      ["label-filter", '| (a="1" or b!="2")'],
      ["json", '| json x="y[0]", z'],
    ],
  ],
] as const)("stages of %s", ([query, stages]) => {
  expect(parts(query)!.stages).toEqual(stages);
});

test.for([
  ['{app="x"}', true],
  ['({app="x"} |= "a")', true],
  ['# note\n{app="x"} | json # end', true],
  ['rate({app="x"}[1m])', false],
  ['count_over_time({app="x"}[1m])', false],
  ["1 + 1", false],
  ['{app="x"', false],
  ["", false],
] as const)("%s asks for lines: %s", ([query, isLog]) => {
  expect(isLogQuery(query)).toBe(isLog);
});

test("a comment at the end does not swallow the range", () => {
  expect(volumeQuery('{a="b"} |= "x" # why', 1000)).toBe(
    'sum by (level, detected_level) (count_over_time({a="b"} |= "x" [1000ms]))',
  );
  expect(volumeQuery('{a="b"} # why\n |= "x"', 1000)).toBe(
    'sum by (level, detected_level) (count_over_time({a="b"} # why\n |= "x"\n[1000ms]))',
  );
});

test("a chart of a log query", () => {
  expect(chartQuery('{a="b"} |= "x"', "app", 90_000)).toBe('sum by (app) (rate({a="b"} |= "x" [1m30s]))');
  expect(chartQuery('{a="b"}', "", 60_000)).toBe('sum(rate({a="b"} [1m]))');
  expect(chartQuery("{a=", "", 60_000)).toBeUndefined();
});

test("searched texts are unquoted", () => {
  expect(searchedTexts('{a="b"} |= "say \\"hi\\"" |= `raw\\n` != "not" |= "x" or "y" | json')).toEqual([
    'say "hi"',
    "raw\\n",
    "x",
    "y",
  ]);
});

test("any text is read without failing, and parts lie within it in order", () => {
  const piece = fc.constantFrom(
    "{",
    "}",
    '"',
    "`",
    "|",
    "!=",
    "|=",
    "json",
    'a="b"',
    "#",
    "\n",
    "(",
    ")",
    "[",
    " ",
    "\\",
    "or",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
      const query = pieces.join("");
      const pipeline = findPipeline(query);
      if (pipeline !== undefined) {
        let at = pipeline.selector.end;
        for (const { start, end } of pipeline.stages) {
          expect(start).toBeGreaterThanOrEqual(at);
          expect(end).toBeGreaterThan(start);
          at = end;
        }
        expect(pipeline.end).toBe(at);
      }
    }),
    { numRuns: 2000 },
  );
});
