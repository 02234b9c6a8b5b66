import fc from "fast-check";
import type {
  ComparisonOperator,
  Expression,
  Grouping,
  LabelChoice,
  LabelExtraction,
  LabelFilterNode,
  LabelFormat,
  LineFilterText,
  LogExpression,
  LogRange,
  MetricExpression,
  RangeAggregation,
  RangeOperation,
  StageNode,
  VectorAggregation,
  VectorMatching,
} from "../src/syntax/index.ts";

const name = fc.constantFrom("a", "b", "app", "sum", "rate", "ip", "duration", "_x1", "__error__");
const text = fc.string({ unit: "grapheme", maxLength: 8 }).map((value) => value.toWellFormed());
const regex = fc.constantFrom("", "a.*", "(?i)x|y", "\\d{2,3}", '[^`"]+', "foo|foobar", "a|b", ".+");
const comparison = fc.constantFrom<ComparisonOperator[]>("==", "!=", ">", ">=", "<", "<=");
const ipPattern = fc.constantFrom("1.2.3.4", "10.0.0.0/8", "::1", "fe80::/10", "1.1.1.1-1.1.1.9");
const template = fc.oneof(
  text.filter((value) => !value.includes("{{")),
  fc.constantFrom("{{.a}}", "{{ .a | ToUpper }} x", "{{if .a}}b{{end}}"),
);

const matcher = fc.oneof(
  fc.record({ name, operator: fc.constantFrom("=", "!="), value: text }),
  fc.record({ name, operator: fc.constantFrom("=~", "!~"), value: regex }),
);

/** One matcher that never fits the empty value, as every query needs, and others. */
const matchers = fc
  .tuple(fc.constantFrom("x", "prod"), fc.array(matcher, { maxLength: 2 }))
  .map(([value, others]) => [{ name: "app", operator: "=", value } as const, ...others]);

// `-0` begins a duration, in Loki too.
const number = fc
  .oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .map((value) => (value === 0 ? 0 : value));

const quantity = fc.oneof(
  fc.record({ kind: fc.constant("number"), name, operator: comparison, value: number }),
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
  fc.record({ kind: fc.constant("ip"), name, operator: fc.constantFrom("=", "!="), pattern: ipPattern }),
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

const ipOrText = fc.oneof(
  lineFilterText(text),
  ipPattern.map((pattern): LineFilterText => ({ kind: "ip", text: pattern })),
);

const linePattern = fc.constantFrom("", "<_>", "a <_> b", "<_>x<_>", "plain");

function lineFilter(
  operators: readonly ("|=" | "!=" | "|~" | "!~" | "|>" | "!>")[],
  texts: fc.Arbitrary<LineFilterText>,
): fc.Arbitrary<StageNode> {
  return fc
    .tuple(fc.constantFrom(...operators), fc.array(texts, { minLength: 1, maxLength: 3 }))
    .map(([operator, alternatives]) => ({
      kind: "lineFilter",
      operator,
      // A negative operator has one: the parser makes a filter of each.
      alternatives: operator.startsWith("!") ? alternatives.slice(0, 1) : alternatives,
    }));
}

const extractions: fc.Arbitrary<LabelExtraction[]> = fc.array(fc.record({ name, path: fc.constantFrom("a", "a_1") }), {
  minLength: 1,
  maxLength: 3,
});
const jsonExtractions: fc.Arbitrary<LabelExtraction[]> = fc.array(
  fc.record({ name, path: fc.constantFrom("a", "a.b", "a[0]", '["b c"].d') }),
  { minLength: 1, maxLength: 3 },
);

const labelFormat: fc.Arbitrary<LabelFormat> = fc.oneof(
  fc.record({ kind: fc.constant("rename"), name, from: name }),
  fc.record({ kind: fc.constant("template"), name, template }),
);

const labelFormats = fc.uniqueArray(
  labelFormat.filter((format) => format.name !== "__error__"),
  { selector: (format) => format.name, minLength: 1, maxLength: 3 },
);

const labelChoices: fc.Arbitrary<LabelChoice[]> = fc.array(
  fc.oneof(
    name.map((choice): LabelChoice => ({ name: choice })),
    matcher.map((condition): LabelChoice => ({ name: condition.name, matcher: condition })),
  ),
  { minLength: 1, maxLength: 3 },
);

const flags = { strict: fc.boolean(), keepEmpty: fc.boolean() };

const stage: fc.Arbitrary<StageNode> = fc.oneof(
  lineFilter(["|=", "!="], ipOrText),
  lineFilter(["|~", "!~"], lineFilterText(regex)),
  lineFilter(["|>", "!>"], lineFilterText(linePattern)),
  fc.constant({ kind: "json" as const }),
  fc.record({ kind: fc.constant("jsonExpressions"), extractions: jsonExtractions }),
  fc.record({ kind: fc.constant("logfmt"), ...flags }),
  fc.record({ kind: fc.constant("logfmtExpressions"), ...flags, extractions }),
  fc.record({ kind: fc.constant("regexp"), pattern: fc.constantFrom("(?P<a>x)", "(?P<a>.*) (?P<b>\\d+)") }),
  fc.record({ kind: fc.constant("pattern"), pattern: fc.constantFrom("<a>", '<a> <_> "<b>"') }),
  fc.constant({ kind: "unpack" as const }),
  fc.record({ kind: fc.constant("lineFormat"), template }),
  fc.record({ kind: fc.constant("labelFormat"), formats: labelFormats }),
  fc.constant({ kind: "decolorize" as const }),
  fc.record({ kind: fc.constantFrom("drop", "keep"), labels: labelChoices }),
  fc.record({ kind: fc.constant("labelFilter"), filter }),
  fc.record({ kind: fc.constant("labelFilter"), filter }),
);

/** `| drop a != "b"` is one stage: no text means a filter of lines there. */
function isReadAsOne(before: StageNode | undefined, after: StageNode): boolean {
  const endsInName =
    (before?.kind === "drop" || before?.kind === "keep") && before.labels.at(-1)?.matcher === undefined;
  return endsInName && after.kind === "lineFilter" && (after.operator === "!=" || after.operator === "!~");
}

const log: fc.Arbitrary<LogExpression> = fc.record({
  kind: fc.constant("log"),
  matchers,
  stages: fc
    .array(stage, { maxLength: 5 })
    .filter((stages) => !stages.some((after, i) => isReadAsOne(stages[i - 1], after))),
});

const range: fc.Arbitrary<LogRange> = fc.record({
  log,
  rangeMs: fc.integer({ min: 0, max: 10 ** 10 }),
  offsetNs: fc.integer({ min: -(10 ** 14), max: 10 ** 14 }).map((value) => value || 0),
});

const unwrapped: fc.Arbitrary<LogRange> = fc
  .tuple(
    range,
    name,
    fc.constantFrom(undefined, "bytes", "duration", "duration_seconds"),
    fc.array(filter, { maxLength: 2 }),
  )
  .map(([of, label, conversion, filters]) => ({
    ...of,
    unwrap: { label, ...(conversion && { conversion }), filters },
  }));

const grouping: fc.Arbitrary<Grouping> = fc.record({ without: fc.boolean(), labels: fc.array(name, { maxLength: 2 }) });

function rangeAggregation(
  operations: readonly RangeOperation[],
  ranges: fc.Arbitrary<LogRange>,
  more: { readonly grouping?: fc.Arbitrary<Grouping>; readonly parameter?: fc.Arbitrary<number> } = {},
): fc.Arbitrary<RangeAggregation> {
  return fc.record(
    {
      kind: fc.constant("rangeAggregation" as const),
      operation: fc.constantFrom(...operations),
      range: ranges,
      ...more,
    },
    { requiredKeys: ["kind", "operation", "range", ...("parameter" in more ? (["parameter"] as const) : [])] },
  ) as fc.Arbitrary<RangeAggregation>;
}

const anyRangeAggregation = fc.oneof(
  rangeAggregation(["count_over_time", "rate", "bytes_over_time", "bytes_rate", "absent_over_time"], range),
  rangeAggregation(["rate", "absent_over_time", "sum_over_time", "rate_counter"], unwrapped),
  rangeAggregation(
    [
      "avg_over_time",
      "min_over_time",
      "max_over_time",
      "stddev_over_time",
      "stdvar_over_time",
      "first_over_time",
      "last_over_time",
    ],
    unwrapped,
    { grouping },
  ),
  rangeAggregation(["quantile_over_time"], unwrapped, {
    grouping,
    parameter: fc.constantFrom(0, 0.5, 0.99, 1, 1e-7, 12.25),
  }),
);

const names = fc.array(name, { minLength: 1, maxLength: 2 });

const matching: fc.Arbitrary<VectorMatching> = fc.oneof(
  fc.constant({ on: false, labels: [], cardinality: "one-to-one" as const }),
  fc.constant({ on: true, labels: [], cardinality: "one-to-one" as const }),
  fc.record({ on: fc.boolean(), labels: names, cardinality: fc.constant("one-to-one") }),
  // Without include, Loki's form of `group_left () (a + b)` reads as if a and b were included.
  fc.record({
    on: fc.boolean(),
    labels: names,
    cardinality: fc.constantFrom("many-to-one", "one-to-many"),
    include: names,
  }),
);

const literal = number.map((value): MetricExpression => ({ kind: "literal", value }));

const { metric } = fc.letrec<{ metric: MetricExpression }>((tie) => ({
  metric: fc.oneof(
    { maxDepth: 4 },
    anyRangeAggregation,
    fc.record({ kind: fc.constant("vector"), value: fc.integer({ min: 0, max: 1000 }) }),
    fc.record({
      kind: fc.constant("vectorAggregation"),
      operation: fc.constantFrom("sum", "avg", "min", "max", "count", "stddev", "stdvar"),
      grouping,
      operand: tie("metric"),
    }),
    fc.record({
      kind: fc.constant("vectorAggregation"),
      operation: fc.constantFrom("sort", "sort_desc"),
      grouping: fc.constant({ without: false, labels: [] }),
      operand: tie("metric"),
    }) as fc.Arbitrary<VectorAggregation>,
    fc.record({
      kind: fc.constant("vectorAggregation"),
      operation: fc.constantFrom("topk", "bottomk"),
      grouping,
      parameter: fc.integer({ min: 1, max: 100 }),
      operand: tie("metric"),
    }),
    fc.record({
      kind: fc.constant("vectorAggregation"),
      operation: fc.constant("approx_topk"),
      grouping: fc.constant({ without: false, labels: [] }),
      parameter: fc.integer({ min: 1, max: 100 }),
      operand: tie("metric"),
    }) as fc.Arbitrary<VectorAggregation>,
    fc.record({
      kind: fc.constant("labelReplace"),
      operand: tie("metric"),
      destination: text,
      replacement: text,
      source: text,
      pattern: regex,
    }),
    fc.record({
      kind: fc.constant("binary"),
      operator: fc.constantFrom("+", "-", "*", "/", "%", "^", "==", "!=", ">", ">=", "<", "<=", "and", "or", "unless"),
      returnBool: fc.boolean(),
      matching,
      left: tie("metric"),
      right: tie("metric"),
    }),
    // Two numbers would be calculated, and numbers have no sets.
    fc.record({
      kind: fc.constant("binary"),
      operator: fc.constantFrom("+", "-", "*", "/", "%", "^", "==", "!=", ">", ">=", "<", "<="),
      returnBool: fc.boolean(),
      matching,
      left: literal,
      right: tie("metric").filter((leg) => leg.kind !== "literal"),
    }),
    fc.record({
      kind: fc.constant("binary"),
      operator: fc.constantFrom("+", "-", "*", "/", "%", "^", "==", "!=", ">", ">=", "<", "<="),
      returnBool: fc.boolean(),
      matching,
      left: tie("metric").filter((leg) => leg.kind !== "literal"),
      right: literal,
    }),
  ),
}));

/** Any query that the parser could have made. */
export const anyExpression: fc.Arbitrary<Expression> = fc.oneof(log, metric, metric, literal);
