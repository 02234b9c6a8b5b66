import { isServiceError } from "@sluice/model";
import { expect, test } from "vitest";
import { complete, parseQuery, parseTolerant, prettyPrint, queryBytesMax } from "../src/syntax/index.ts";

const length = queryBytesMax - 100;

function repeat(part: string, size = length): string {
  return part.repeat(Math.ceil(size / part.length)).slice(0, size);
}

/** Queries as long as they may be that ask for trouble. */
const queries: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["{", "(", '"', "`", "|", "#\n", "1", "1_", "1.1.", "1s.", ".", "a", "a,", "/*", "/**/", "[", "[]", "@"].map(
      (part) => [part, repeat(part)],
    ),
  ),
  "deep sums": repeat("sum("),
  "deep groupings": repeat("sum by ("),
  "words before blanks": repeat("sum   "),
  backslashes: `{a="${repeat("\\", length - 20)}"}`,
  escapes: `{a="${repeat("\\u00e9", length - 20)}"}`,
  matchers: `{${repeat('a="b",', length - 20)}a="b"}`,
  "line filters": `{a="b"}${repeat('|="x"', length - 20)}`,
  alternatives: `{a="b"}|="x"${repeat(' or "x"', length - 20)}`,
  "label filters": `{a="b"}|x=1${repeat(" or x=1", length - 20)}`,
  "parentheses of label filters": `{a="b"}|${repeat("(", length - 20)}`,
  "juxtaposed label filters": `{a="b"}|${repeat("x=1 ", length - 20)}`,
  extractions: `{a="b"}|json ${repeat("a,", length - 20)}`,
  "a long path": `{a="b"}|json a="${repeat("[0]", length - 40)}"`,
  "a long key": `{a="b"}|logfmt a="${repeat("x ", length - 40)}"`,
  "a long pattern": `{a="b"}|pattern "${repeat("<a> ", length - 40)}"`,
  "an open pattern": `{a="b"}|> "${repeat("<a", length - 40)}"`,
  groups: `{a=~"${repeat("(a|", length - 40)}"}`,
  choices: `{a="b"}|x=~"${repeat("foo|fob|", length - 40)}"`,
  "named groups": `{a="b"}|regexp "${repeat("(?P<a>x)", length - 40)}"`,
  actions: `{a="b"}|line_format "${repeat("{{if .a}}", length - 40)}"`,
  "an address": `{a="b"}|=ip("${repeat(":", length - 40)}")`,
  operations: `1${repeat("+1", length - 20)}`,
  powers: `vector(1)${repeat("^vector(1)", length - 20)}`,
  "filters of unwrap": `rate({a="b"}|unwrap x${repeat("|x=1", length - 40)}[5m])`,
  "a long count": `topk(${repeat("9", length - 40)},vector(1))`,
  "a long range": `rate({a="b"}[${repeat("9", length - 40)}m])`,
};

test.for(Object.entries(queries))("%s: read or refused, soon", ([, query]) => {
  const start = performance.now();
  const outcome = outcomeOf(() => parseQuery(query));
  expect(!(outcome instanceof Error) || isServiceError(outcome, "bad_data")).toBe(true);
  parseTolerant(query);
  complete(query, query.length);
  complete(query.slice(0, 15_000), 15_000);
  // Far more than it takes, for a busy machine; what is quadratic takes minutes.
  expect(performance.now() - start).toBeLessThan(8000);
});

test("an editor may hold far more than a query", () => {
  const { errors } = parseTolerant("1_ ".repeat(200_000));
  expect(errors).toHaveLength(10);
});

test("a long query is printed soon", () => {
  const operations = parseQuery(
    Array(900)
      .fill(`rate({a="b"} |= "${"x".repeat(80)}" [5m])`)
      .join(" + "),
  );
  const stages = parseQuery(`{a="b"} ${'|= "some text here" | json | status>=500 '.repeat(3000)}`);
  const start = performance.now();
  prettyPrint(operations);
  prettyPrint(stages);
  expect(performance.now() - start).toBeLessThan(8000);
});

function outcomeOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
