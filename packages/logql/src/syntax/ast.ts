import type { Matcher } from "@sluice/model";

/** A parsed query: a tree of frozen plain objects that are told apart by `kind`. */
export type Expression = LogExpression | MetricExpression;

/** A selector and the stages that its lines go through. */
export interface LogExpression {
  readonly kind: "log";
  readonly matchers: readonly Matcher[];
  readonly stages: readonly StageNode[];
}

export type StageNode =
  | LineFilterNode
  | JsonNode
  | JsonExpressionsNode
  | LogfmtNode
  | LogfmtExpressionsNode
  | RegexpNode
  | PatternNode
  | UnpackNode
  | LabelFilterStageNode
  | LineFormatNode
  | LabelFormatNode
  | DecolorizeNode
  | DropNode
  | KeepNode;

export type LineFilterOperator = "|=" | "!=" | "|~" | "!~" | "|>" | "!>";

/** Passes lines that fit any of the alternatives; a negative operator has only one (the parser splits chains). */
export interface LineFilterNode {
  readonly kind: "lineFilter";
  readonly operator: LineFilterOperator;
  readonly alternatives: readonly LineFilterText[];
}

/** What a line filter looks for: a text (literal, regular expression or pattern, as its operator says) or `ip("...")`. */
export interface LineFilterText {
  readonly kind: "text" | "ip";
  readonly text: string;
}

export interface JsonNode {
  readonly kind: "json";
}

export interface LogfmtNode {
  readonly kind: "logfmt";
  readonly strict: boolean;
  readonly keepEmpty: boolean;
}

/** `name="path"`: the label that a value gets and where a parser finds it. */
export interface LabelExtraction {
  readonly name: string;
  readonly path: string;
}

/** `| json a="x.y[0]", b`. */
export interface JsonExpressionsNode {
  readonly kind: "jsonExpressions";
  readonly extractions: readonly LabelExtraction[];
}

/** `| logfmt --strict a="x", b`. */
export interface LogfmtExpressionsNode {
  readonly kind: "logfmtExpressions";
  readonly strict: boolean;
  readonly keepEmpty: boolean;
  readonly extractions: readonly LabelExtraction[];
}

/** `| regexp "(?P<name>...)"`. */
export interface RegexpNode {
  readonly kind: "regexp";
  readonly pattern: string;
}

/** `| pattern "<name> <_>"`. */
export interface PatternNode {
  readonly kind: "pattern";
  readonly pattern: string;
}

export interface UnpackNode {
  readonly kind: "unpack";
}

export interface LineFormatNode {
  readonly kind: "lineFormat";
  readonly template: string;
}

export interface LabelFormatNode {
  readonly kind: "labelFormat";
  readonly formats: readonly LabelFormat[];
}

/** `a=b` moves the label b to a; `a="template"` makes a label. */
export type LabelFormat =
  | { readonly kind: "rename"; readonly name: string; readonly from: string }
  | { readonly kind: "template"; readonly name: string; readonly template: string };

export interface DecolorizeNode {
  readonly kind: "decolorize";
}

/** `| drop a, b="v"`. */
export interface DropNode {
  readonly kind: "drop";
  readonly labels: readonly LabelChoice[];
}

/** `| keep a, b="v"`. */
export interface KeepNode {
  readonly kind: "keep";
  readonly labels: readonly LabelChoice[];
}

/** A label, or with a matcher only where its value fits. */
export interface LabelChoice {
  readonly name: string;
  readonly matcher?: Matcher;
}

export interface LabelFilterStageNode {
  readonly kind: "labelFilter";
  readonly filter: LabelFilterNode;
}

export type LabelFilterNode =
  | TextLabelFilter
  | NumberLabelFilter
  | DurationLabelFilter
  | ByteSizeLabelFilter
  | IpLabelFilter
  | LabelFilterPair;

export type ComparisonOperator = "==" | "!=" | ">" | ">=" | "<" | "<=";

export interface TextLabelFilter {
  readonly kind: "text";
  readonly matcher: Matcher;
}

export interface NumberLabelFilter {
  readonly kind: "number";
  readonly name: string;
  readonly operator: ComparisonOperator;
  readonly value: number;
}

export interface DurationLabelFilter {
  readonly kind: "duration";
  readonly name: string;
  readonly operator: ComparisonOperator;
  readonly valueNs: number;
}

export interface ByteSizeLabelFilter {
  readonly kind: "byteSize";
  readonly name: string;
  readonly operator: ComparisonOperator;
  readonly valueBytes: number;
}

/** `address = ip("10.0.0.0/8")`. */
export interface IpLabelFilter {
  readonly kind: "ip";
  readonly name: string;
  readonly operator: "=" | "!=";
  readonly pattern: string;
}

export interface LabelFilterPair {
  readonly kind: "and" | "or";
  readonly left: LabelFilterNode;
  readonly right: LabelFilterNode;
}

export type MetricExpression =
  | RangeAggregation
  | VectorAggregation
  | BinaryOperation
  | LabelReplace
  | NumberLiteral
  | VectorLiteral;

/** `{...} stages | unwrap x [5m] offset 1h`. */
export interface LogRange {
  readonly log: LogExpression;
  readonly rangeMs: number;
  readonly offsetNs: number;
  readonly unwrap?: Unwrap;
}

/** Takes the samples' values from a label instead of counting lines. */
export interface Unwrap {
  readonly label: string;
  readonly conversion?: "bytes" | "duration" | "duration_seconds";
  /** Label filters behind the unwrap. */
  readonly filters: readonly LabelFilterNode[];
}

export type RangeOperation =
  | "count_over_time"
  | "rate"
  | "bytes_over_time"
  | "bytes_rate"
  | "absent_over_time"
  | "sum_over_time"
  | "avg_over_time"
  | "min_over_time"
  | "max_over_time"
  | "stddev_over_time"
  | "stdvar_over_time"
  | "first_over_time"
  | "last_over_time"
  | "quantile_over_time"
  | "rate_counter";

export interface RangeAggregation {
  readonly kind: "rangeAggregation";
  readonly operation: RangeOperation;
  readonly range: LogRange;
  /** The quantile of `quantile_over_time`. */
  readonly parameter?: number;
  /** What the query says; with none the series keep their labels. */
  readonly grouping?: Grouping;
}

/** `by` or `without` some labels. No grouping at all is `by ()`. */
export interface Grouping {
  readonly without: boolean;
  readonly labels: readonly string[];
}

export type VectorOperation =
  | "sum"
  | "avg"
  | "min"
  | "max"
  | "count"
  | "stddev"
  | "stdvar"
  | "topk"
  | "bottomk"
  | "approx_topk"
  | "sort"
  | "sort_desc";

export interface VectorAggregation {
  readonly kind: "vectorAggregation";
  readonly operation: VectorOperation;
  readonly grouping: Grouping;
  /** How many samples topk, bottomk and approx_topk keep. */
  readonly parameter?: number;
  readonly operand: MetricExpression;
}

export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%" | "^";
export type SetOperator = "and" | "or" | "unless";
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | SetOperator;

/** Which labels of the two sides must agree. */
export interface VectorMatching {
  readonly on: boolean;
  readonly labels: readonly string[];
  readonly cardinality: "one-to-one" | "many-to-one" | "one-to-many";
  /** Labels that the "one" side lends; undefined when the query names none. */
  readonly include?: readonly string[];
}

export interface BinaryOperation {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  readonly returnBool: boolean;
  readonly matching: VectorMatching;
  readonly left: MetricExpression;
  readonly right: MetricExpression;
}

/** `label_replace(operand, "destination", "replacement", "source", "pattern")`. */
export interface LabelReplace {
  readonly kind: "labelReplace";
  readonly operand: MetricExpression;
  readonly destination: string;
  readonly replacement: string;
  readonly source: string;
  readonly pattern: string;
}

export interface NumberLiteral {
  readonly kind: "literal";
  readonly value: number;
}

/** `vector(1)`: one sample without labels at every step. */
export interface VectorLiteral {
  readonly kind: "vector";
  readonly value: number;
}
