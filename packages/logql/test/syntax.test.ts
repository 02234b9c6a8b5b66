import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { isServiceError } from "@sluice/model";
import { expect, test } from "vitest";
import { parseQuery, parseSelector, prettyPrint, printExpression, tokenize } from "../src/syntax/index.ts";
import { anyExpression } from "./any-expression.ts";

/** Rows of `query ==> its canonical form or the error`; a line break is written as an arrow. */
function casesOf(name: string): { file: string; source: string; wanted: string }[] {
  return readFileSync(new URL(name, folder), "utf8")
    .split("\n")
    .filter((row) => row.includes(" ==> ") && !row.startsWith("# query"))
    .map((row) => row.replaceAll("\u23ce", "\n"))
    .map((row) => ({
      file: name,
      source: row.slice(0, row.indexOf(" ==> ")),
      wanted: row.slice(row.indexOf(" ==> ") + 5),
    }));
}

function outcomeOf(query: string): unknown {
  try {
    return printExpression(parseQuery(query));
  } catch (error) {
    return error;
  }
}

function messageOf(outcome: unknown): unknown {
  return isServiceError(outcome, "bad_data") ? outcome.message : outcome;
}

const folder = new URL("syntax/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".txt"));

test.for(files.flatMap(casesOf))("$file: $source", ({ source, wanted }) => {
  expect(messageOf(outcomeOf(source))).toBe(wanted);
});

const blocks = readFileSync(new URL("pretty.blocks", folder), "utf8").trimEnd().split("\n---\n").slice(1);

test.for(blocks.map((block) => block.split("\n==>\n")))("for people: %s", ([source, wanted]) => {
  expect(prettyPrint(parseQuery(source!))).toBe(wanted);
});

test("what is printed parses to the same tree", () => {
  fc.assert(
    fc.property(anyExpression, (expression) => {
      expect(parseQuery(printExpression(expression))).toEqual(expression);
    }),
    { numRuns: 1000 },
  );
});

test("what is printed for people parses to the same tree", () => {
  fc.assert(
    fc.property(anyExpression, (expression) => {
      expect(parseQuery(prettyPrint(expression))).toEqual(expression);
    }),
    { numRuns: 1000 },
  );
});

test.for(["-23h59m", "-24h", "-24h5m18.75s", "-200h", "200h"])(
  "an offset of %s printed for people can be read",
  (offset) => {
    const stages =
      '|= "a line filter that is as long as it takes for a line of its own" |= "and another one of that kind"';
    const expression = parseQuery(`rate({app="x"} ${stages} [1m] offset ${offset})`);
    expect(parseQuery(prettyPrint(expression))).toEqual(expression);
  },
);

test("the tree of a query", () => {
  expect(parseQuery('sum by (x) (rate({a=~"b"} |= "c" or "d" | json | e>1s [5m])) > 2')).toEqual({
    kind: "binary",
    operator: ">",
    returnBool: false,
    matching: { on: false, labels: [], cardinality: "one-to-one" },
    left: {
      kind: "vectorAggregation",
      operation: "sum",
      grouping: { without: false, labels: ["x"] },
      operand: {
        kind: "rangeAggregation",
        operation: "rate",
        range: {
          rangeMs: 300_000,
          offsetNs: 0,
          log: {
            kind: "log",
            matchers: [{ name: "a", operator: "=~", value: "b" }],
            stages: [
              {
                kind: "lineFilter",
                operator: "|=",
                alternatives: [
                  { kind: "text", text: "c" },
                  { kind: "text", text: "d" },
                ],
              },
              { kind: "json" },
              { kind: "labelFilter", filter: { kind: "duration", name: "e", operator: ">", valueNs: 1e9 } },
            ],
          },
        },
      },
    },
    right: { kind: "literal", value: 2 },
  });
});

test("a tree cannot be changed", () => {
  const tree = parseQuery('{a="b"} | json');
  expect(() => Object.assign(tree, { kind: "literal" })).toThrow(TypeError);
});

test("a selector is read by itself", () => {
  expect(parseSelector('{a="b", c!="d"}')).toEqual([
    { name: "a", operator: "=", value: "b" },
    { name: "c", operator: "!=", value: "d" },
  ]);
  expect(() => parseSelector('{a="b"} |= "x"')).toThrow("only label matchers are supported");
  expect(() => parseSelector("vector(1)")).toThrow("only label matchers are supported");
  expect(() => parseSelector("{}")).toThrow("queries require at least one");
  expect(parseSelector("{}", { allowEmpty: true })).toEqual([]);
});

test("long queries are refused unread", () => {
  const long = `{a="${"x".repeat(131_079)}"}`;
  expect(() => parseQuery(long)).toThrow("parse error : input size too long (131085 > 131072)");
});

test.for([
  ["parentheses", `${"(".repeat(60_000)}1`],
  ["operations", Array(3000).fill("vector(1)").join(" + ")],
  ["powers", Array(3000).fill("vector(1)").join("^")],
  ["label filters", `{a="b"} | ${Array(5000).fill('a="b"').join(" or ")}`],
])("a query that is as deep as it is long is refused: %s", ([, query]) => {
  expect(() => parseQuery(query!)).toThrow("parse error : the query is nested too deeply");
});

test("hundreds of operations and thousands of stages are fine", () => {
  const operations = parseQuery(Array(900).fill("vector(1)").join(" + "));
  expect(printExpression(operations).match(/vector/gu)).toHaveLength(900);
  const stages = parseQuery(`{a="b"} ${"| json | a=1 ".repeat(3000)}`);
  expect(stages.kind === "log" && stages.stages).toHaveLength(6000);
});

test("positions count lines and characters", () => {
  expect(() => parseQuery('{a="b"}\n  |= "é😀" x')).toThrow("parse error at line 2, col 11");
});

test("tokens carry their place for an editor", () => {
  const found = tokenize('sum(rate({a="b"}[5m]))').map(({ image, tokenType }) => [tokenType.name, image]);
  expect(found.slice(0, 4)).toEqual([
    ["SUM", "sum"],
    ["(", "("],
    ["RATE", "rate"],
    ["(", "("],
  ]);
  expect(found.at(-3)).toEqual(["RANGE", "[5m]"]);
});

test("any text is parsed or refused, never a crash", () => {
  const part = fc.oneof(
    fc.constantFrom("{", "}", "(", ")", "a", "=", '"x"', "|", "|=", "json", "rate(", "sum", "by", "[5m]", "[", "1"),
    fc.constantFrom("or", "and", ",", "-", "--strict", "5m", "1KB", "!~", "`", "#", "/*", "offset", "on", "==", "^"),
    fc.string({ maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 14 }), fc.constantFrom("", " "), (parts, separator) => {
      const outcome = outcomeOf(parts.join(separator));
      expect(!(outcome instanceof Error) || isServiceError(outcome, "bad_data")).toBe(true);
    }),
    { numRuns: 3000 },
  );
});
