import type { Matcher } from "@sluice/model";
import fc from "fast-check";
import type {
  Grouping,
  LabelFilterNode,
  LogExpression,
  MetricExpression,
  RangeOperation,
  StageNode,
  Unwrap,
  VectorMatching,
} from "../../src/syntax/index.ts";
import type { LineFormat } from "./random-data.ts";

const name = fc.constantFrom(
  "app",
  "env",
  "level",
  "n",
  "id",
  "inner_id",
  "found",
  "trace",
  "app_extracted",
  "missing",
);
const comparison = fc.constantFrom("==", "!=", ">", ">=", "<", "<=");

const matchers = fc.constantFrom<readonly Matcher[]>(
  [{ name: "app", operator: "=~", value: ".+" }],
  [{ name: "app", operator: "=", value: "a" }],
  [
    { name: "app", operator: "=", value: "b" },
    { name: "env", operator: "!=", value: "dev" },
  ],
  [
    { name: "app", operator: "=", value: "nobody" },
    { name: "env", operator: "=~", value: "p.*" },
  ],
);

const textMatcher = fc.oneof(
  fc.record({
    name,
    operator: fc.constantFrom("=", "!="),
    value: fc.constantFrom("", "a", "info", "warn", "1", "x", "t1"),
  }),
  fc.record({ name, operator: fc.constantFrom("=~", "!~"), value: fc.constantFrom("info|warn", ".*", "[0-9]+", "t.") }),
);

const lineFilter: fc.Arbitrary<StageNode> = fc
  .oneof(
    fc.tuple(fc.constantFrom("|=", "!="), fc.constantFrom(["info"], ["1"], ["app"], ["zzz"], [""])),
    fc.tuple(fc.constantFrom("|~", "!~"), fc.constantFrom(["info|warn"], ["[23]"], ["x"])),
    fc.tuple(fc.constantFrom("|=", "|~"), fc.constantFrom(["info", "warn"], ["zzz", "2", "x"])),
  )
  .map(([operator, texts]) => ({
    kind: "lineFilter",
    operator,
    alternatives: texts.map((text) => ({ kind: "text", text })),
  }));

const { filter } = fc.letrec<{ filter: LabelFilterNode }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 2 },
    fc.record({ kind: fc.constant("text"), matcher: textMatcher }),
    fc.record({
      kind: fc.constant("text"),
      matcher: fc.constant({ name: "__error__", operator: "=", value: "" } as const),
    }),
    fc.record({
      kind: fc.constant("number"),
      name: fc.constantFrom("n", "id", "missing"),
      operator: comparison,
      value: fc.constantFrom(0, 1, 2.5, -1.5),
    }),
    fc.record({
      kind: fc.constant("duration"),
      name: fc.constantFrom("d"),
      operator: comparison,
      valueNs: fc.constantFrom(5e6, 2e9),
    }),
    fc.record({
      kind: fc.constant("byteSize"),
      name: fc.constantFrom("s"),
      operator: comparison,
      valueBytes: fc.constantFrom(1, 2000),
    }),
    fc.record({ kind: fc.constantFrom("and", "or"), left: tie("filter"), right: tie("filter") }),
  ),
}));

const labelFilter: fc.Arbitrary<StageNode> = filter.map((node) => ({ kind: "labelFilter", filter: node }));

/** A filter in front of a parser, which the parser asks, too, when it finds such a label: so these are none of its. */
const earlyFilter: fc.Arbitrary<StageNode> = fc
  .record({
    name: fc.constantFrom("env", "trace"),
    operator: fc.constantFrom("=", "!="),
    value: fc.constantFrom("", "prod", "t1"),
  })
  .map((matcher) => ({ kind: "labelFilter", filter: { kind: "text", matcher } }));

const template = fc.constantFrom("plain", "{{.level}} is {{.app}}", "<{{.missing}}>");

/** Stages that change lines and labels; no filter comes after them, since parsers ask filters ahead of time. */
const change: fc.Arbitrary<StageNode> = fc.oneof(
  template.map((text): StageNode => ({ kind: "lineFormat", template: text })),
  fc
    .constantFrom("level", "env", "n", "fresh")
    .map((to): StageNode => ({ kind: "labelFormat", formats: [{ kind: "rename", name: to, from: "id" }] })),
  fc.tuple(fc.constantFrom("level", "env", "fresh"), template).map(([to, text]): StageNode => ({
    kind: "labelFormat",
    formats: [{ kind: "template", name: to, template: text }],
  })),
  fc
    .record({
      kind: fc.constantFrom("drop", "keep"),
      labels: fc.array(fc.record({ name }), { minLength: 1, maxLength: 3 }),
    })
    .map((stage): StageNode => stage),
  fc.constant<StageNode>({ kind: "decolorize" }),
  textMatcher.map((matcher): StageNode => ({ kind: "drop", labels: [{ name: matcher.name, matcher }] })),
);

const regexp: StageNode = { kind: "regexp", pattern: String.raw`level\W+(?P<found>\w+)` };

const parsers: Readonly<Record<LineFormat, readonly StageNode[]>> = {
  json: [
    { kind: "json" },
    { kind: "json" },
    {
      kind: "jsonExpressions",
      extractions: [
        { name: "found", path: "level" },
        { name: "inner", path: "inner.id" },
      ],
    },
    { kind: "unpack" },
    regexp,
  ],
  logfmt: [
    { kind: "logfmt", strict: false, keepEmpty: false },
    { kind: "logfmt", strict: true, keepEmpty: true },
    { kind: "logfmtExpressions", strict: false, keepEmpty: false, extractions: [{ name: "level", path: "level" }] },
    regexp,
  ],
};

function stages(format: LineFormat): fc.Arbitrary<readonly StageNode[]> {
  const parser = fc.constantFrom(...parsers[format]);
  return fc
    .tuple(
      fc.array(lineFilter, { maxLength: 1 }),
      fc.array(earlyFilter, { maxLength: 1 }),
      fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 3, arbitrary: parser.map((stage) => [stage]) }),
      fc.array(labelFilter, { maxLength: 1 }),
      fc.array(change, { maxLength: 2 }),
    )
    .map((parts) => parts.flat());
}

export function randomLogQuery(format: LineFormat): fc.Arbitrary<LogExpression> {
  return fc.record({ kind: fc.constant("log"), matchers, stages: stages(format) });
}

const grouping: fc.Arbitrary<Grouping> = fc.record({
  without: fc.boolean(),
  labels: fc.uniqueArray(name, { maxLength: 2 }),
});

const unwrap: fc.Arbitrary<Unwrap> = fc
  .tuple(
    fc.constantFrom<Omit<Unwrap, "filters">>(
      { label: "n" },
      { label: "n" },
      { label: "d", conversion: "duration" },
      { label: "d", conversion: "duration_seconds" },
      { label: "s", conversion: "bytes" },
    ),
    // Without it most queries would fail.
    fc.constantFrom<Unwrap["filters"]>(
      [{ kind: "text", matcher: { name: "__error__", operator: "=", value: "" } }],
      [{ kind: "text", matcher: { name: "__error__", operator: "=", value: "" } }],
      [],
    ),
  )
  .map(([source, filters]) => ({ ...source, filters }));

const counting: readonly RangeOperation[] = [
  "count_over_time",
  "rate",
  "bytes_over_time",
  "bytes_rate",
  "absent_over_time",
];
const ungrouped: readonly RangeOperation[] = ["sum_over_time", "rate", "rate_counter", "absent_over_time"];
const grouped: readonly RangeOperation[] = [
  "avg_over_time",
  "min_over_time",
  "max_over_time",
  "stddev_over_time",
  "stdvar_over_time",
  "first_over_time",
  "last_over_time",
  "quantile_over_time",
];

function rangeAggregation(format: LineFormat): fc.Arbitrary<MetricExpression> {
  const range = fc.record({
    log: randomLogQuery(format),
    rangeMs: fc.constantFrom(5000, 30_000, 60_000, 90_000, 240_000),
    offsetNs: fc.constantFrom(0, 0, 30e9, -30e9),
  });
  return fc.oneof(
    fc.record({ kind: fc.constant("rangeAggregation"), operation: fc.constantFrom(...counting), range }),
    fc
      .record({ operation: fc.constantFrom(...ungrouped), range, unwrap })
      .map(({ operation, range: inner, unwrap: source }): MetricExpression => ({
        kind: "rangeAggregation",
        operation,
        range: { ...inner, unwrap: source },
      })),
    fc
      .record({
        operation: fc.constantFrom(...grouped),
        range,
        unwrap,
        by: fc.option(grouping, { nil: undefined }),
        q: fc.constantFrom(0, 0.5, 0.95, 1, 2),
      })
      .map(({ operation, range: inner, unwrap: source, by, q }): MetricExpression => ({
        kind: "rangeAggregation",
        operation,
        range: { ...inner, unwrap: source },
        ...(operation === "quantile_over_time" ? { parameter: q } : {}),
        ...(by === undefined ? {} : { grouping: by }),
      })),
  );
}

const matching: fc.Arbitrary<VectorMatching> = fc.oneof(
  fc.constant<VectorMatching>({ on: false, labels: [], cardinality: "one-to-one" }),
  fc.record({
    on: fc.boolean(),
    labels: fc.constantFrom(["app"], ["app", "env"]),
    cardinality: fc.constant("one-to-one"),
  }),
  fc.record({
    on: fc.boolean(),
    labels: fc.constantFrom(["app"], ["app", "env"]),
    cardinality: fc.constantFrom("many-to-one", "one-to-many"),
    include: fc.constantFrom(["env"], ["level"]),
  }),
);

const arithmetic = fc.constantFrom("+", "-", "*", "/", "%", "^", "==", "!=", ">", ">=", "<", "<=");
const setOperator = fc.constantFrom("and", "or", "unless");

/** Queries over the elements of the language that the reference knows, of any shape. */
export function randomMetricQuery(format: LineFormat): fc.Arbitrary<MetricExpression> {
  const number = fc.constantFrom(0, 1, 2, 0.5, 60).map((value) => ({ kind: "literal" as const, value }));
  const plain = { on: false, labels: [], cardinality: "one-to-one" } as const;
  const { metric } = fc.letrec<{ metric: MetricExpression }>((tie) => ({
    metric: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { weight: 4, arbitrary: rangeAggregation(format) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("vector"), value: fc.constantFrom(0, 1, 2.5) }) },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant("vectorAggregation"),
          operation: fc.constantFrom("sum", "sum", "avg", "min", "max", "count", "stddev", "stdvar"),
          grouping,
          operand: tie("metric"),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant("vectorAggregation"),
          operation: fc.constantFrom("topk", "bottomk"),
          grouping,
          parameter: fc.integer({ min: 1, max: 3 }),
          operand: tie("metric"),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant("vectorAggregation"),
          operation: fc.constantFrom("sort", "sort_desc"),
          grouping: fc.constant({ without: false, labels: [] }),
          operand: tie("metric"),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant("vectorAggregation"),
          operation: fc.constant("approx_topk"),
          grouping: fc.constant({ without: false, labels: [] }),
          parameter: fc.integer({ min: 1, max: 3 }),
          operand: tie("metric"),
        }),
      },
      {
        weight: 2,
        arbitrary: fc
          .record({
            operator: arithmetic,
            returnBool: fc.boolean(),
            matching,
            left: tie("metric"),
            right: tie("metric"),
          })
          .map((operation): MetricExpression => ({ kind: "binary", ...operation })),
      },
      {
        weight: 1,
        arbitrary: fc
          .record({ operator: setOperator, matching, left: tie("metric"), right: tie("metric") })
          .map(({ matching: { on, labels }, ...operation }): MetricExpression => ({
            kind: "binary",
            returnBool: false,
            matching: { on, labels, cardinality: "one-to-one" },
            ...operation,
          })),
      },
      {
        weight: 1,
        arbitrary: fc
          .record({
            operator: arithmetic,
            returnBool: fc.boolean(),
            number,
            operand: tie("metric"),
            isLeft: fc.boolean(),
          })
          .map(({ operator, returnBool, number: literal, operand, isLeft }): MetricExpression => ({
            kind: "binary",
            operator,
            returnBool,
            matching: plain,
            left: isLeft ? literal : operand,
            right: isLeft ? operand : literal,
          })),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant("labelReplace"),
          operand: tie("metric"),
          destination: fc.constantFrom("app", "fresh"),
          replacement: fc.constantFrom("$1", "x-$1", "same", ""),
          source: fc.constantFrom("app", "env", "missing"),
          pattern: fc.constantFrom("(.*)", "(p).*", "(.)"),
        }),
      },
    ),
  }));
  return metric;
}
