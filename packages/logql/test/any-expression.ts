import fc from "fast-check";
import type {
  Expression,
  LabelFilterNode,
  LineFilterText,
  LogExpression,
  MetricExpression,
  StageNode,
  VectorMatching,
} from "../src/syntax/index.ts";

const name = fc.constantFrom("a", "b", "app", "sum", "rate", "_x1", "__error__");
const text = fc.string({ unit: "grapheme", maxLength: 8 }).map((value) => value.toWellFormed());
const regex = fc.constantFrom("", "a.*", "(?i)x|y", "\\d{2,3}", '[^`"]+');
const comparison = fc.constantFrom("==", "!=", ">", ">=", "<", "<=");

const matcher = fc.oneof(
  fc.record({ name, operator: fc.constantFrom("=", "!="), value: text }),
  fc.record({ name, operator: fc.constantFrom("=~", "!~"), value: regex }),
);

/** One matcher that never fits the empty value, as every query needs, and others. */
const matchers = fc
  .tuple(fc.constantFrom("x", "prod"), fc.array(matcher, { maxLength: 2 }))
  .map(([value, others]) => [{ name: "app", operator: "=", value } as const, ...others]);

const quantity = fc.oneof(
  fc.record({
    kind: fc.constant("number"),
    name,
    operator: comparison,
    value: fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })).map((value) => value || 0),
  }),
  fc.record({
    kind: fc.constant("duration"),
    name,
    operator: comparison,
    valueNs: fc.integer({ min: -(10 ** 15), max: 10 ** 15 }).map((value) => value || 1),
  }),
  // Sizes are printed rounded: these survive. (0 does not, in Loki either: `0B` begins a binary number.)
  fc.record({
    kind: fc.constant("byteSize"),
    name,
    operator: comparison,
    valueBytes: fc.constantFrom(1, 999, 1000, 1500, 20_000_000, 5_000_000_000),
  }),
);

const { filter } = fc.letrec<{ filter: LabelFilterNode }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3 },
    fc.record({ kind: fc.constant("text"), matcher }),
    quantity,
    fc.record({ kind: fc.constantFrom("and", "or"), left: tie("filter"), right: tie("filter") }),
  ),
}));

function lineFilterText(texts: fc.Arbitrary<string>): fc.Arbitrary<LineFilterText> {
  return texts.map((value) => ({ kind: "text", text: value }));
}

const stage: fc.Arbitrary<StageNode> = fc.oneof(
  fc.record({
    kind: fc.constant("lineFilter"),
    operator: fc.constant("|="),
    alternatives: fc.array(lineFilterText(text), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant("lineFilter"),
    operator: fc.constant("!="),
    alternatives: lineFilterText(text).map((value) => [value]),
  }),
  fc.record({
    kind: fc.constant("lineFilter"),
    operator: fc.constantFrom("|~", "!~"),
    alternatives: lineFilterText(regex).map((value) => [value]),
  }),
  fc.constant({ kind: "json" as const }),
  fc.record({ kind: fc.constant("logfmt"), strict: fc.boolean(), keepEmpty: fc.boolean() }),
  fc.record({ kind: fc.constant("labelFilter"), filter }),
);

const log: fc.Arbitrary<LogExpression> = fc.record({
  kind: fc.constant("log"),
  matchers,
  stages: fc.array(stage, { maxLength: 4 }),
});

const names = fc.array(name, { minLength: 1, maxLength: 2 });

const matching: fc.Arbitrary<VectorMatching> = fc.oneof(
  fc.constant({ on: false, labels: [], cardinality: "one-to-one" as const }),
  fc.record({ on: fc.boolean(), labels: names, cardinality: fc.constant("one-to-one") }),
  // Without include, Loki's form of `group_left () (a + b)` reads as if a and b were included.
  fc.record({
    on: fc.boolean(),
    labels: names,
    cardinality: fc.constantFrom("many-to-one", "one-to-many"),
    include: names,
  }),
);

const { metric } = fc.letrec<{ metric: MetricExpression }>((tie) => ({
  metric: fc.oneof(
    { maxDepth: 3 },
    fc.record({
      kind: fc.constant("rangeAggregation"),
      operation: fc.constantFrom("count_over_time", "rate", "bytes_over_time", "bytes_rate"),
      range: fc.record({
        log,
        rangeMs: fc.integer({ min: 0, max: 10 ** 10 }),
        offsetNs: fc.integer({ min: -(10 ** 14), max: 10 ** 14 }).map((value) => value || 0),
      }),
    }),
    fc.record({ kind: fc.constant("vector"), value: fc.integer({ min: 0, max: 1000 }) }),
    fc.record({
      kind: fc.constant("vectorAggregation"),
      operation: fc.constantFrom("sum", "avg", "min", "max", "count"),
      grouping: fc.record({ without: fc.boolean(), labels: fc.array(name, { maxLength: 2 }) }),
      operand: tie("metric"),
    }),
    fc.record({
      kind: fc.constant("vectorAggregation"),
      operation: fc.constantFrom("topk", "bottomk"),
      grouping: fc.record({ without: fc.boolean(), labels: fc.array(name, { maxLength: 2 }) }),
      parameter: fc.integer({ min: 1, max: 100 }),
      operand: tie("metric"),
    }),
    fc.record({
      kind: fc.constant("binary"),
      operator: fc.constantFrom("+", "-", "*", "/", "%", "^", "==", "!=", ">", ">=", "<", "<=", "and", "or", "unless"),
      returnBool: fc.boolean(),
      matching,
      left: tie("metric"),
      right: tie("metric"),
    }),
  ),
}));

/** Any query that the parser could have made. */
export const anyExpression: fc.Arbitrary<Expression> = fc.oneof(log, metric);
