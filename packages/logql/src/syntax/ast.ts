import type { Matcher } from "@sluice/model";

/** A parsed query: a tree of frozen plain objects that are told apart by `kind`. */
export type Expression = LogExpression | MetricExpression;

/** A selector and the stages that its lines go through. */
export interface LogExpression {
  readonly kind: "log";
  readonly matchers: readonly Matcher[];
  readonly stages: readonly StageNode[];
}

export type StageNode = LineFilterNode | JsonNode | LogfmtNode | LabelFilterStageNode;

export type LineFilterOperator = "|=" | "!=" | "|~" | "!~" | "|>" | "!>";

/** Passes lines that fit any of the alternatives; a negative operator has only one (the parser splits chains). */
export interface LineFilterNode {
  readonly kind: "lineFilter";
  readonly operator: LineFilterOperator;
  readonly alternatives: readonly string[];
}

export interface JsonNode {
  readonly kind: "json";
}

export interface LogfmtNode {
  readonly kind: "logfmt";
  readonly strict: boolean;
  readonly keepEmpty: boolean;
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

export interface LabelFilterPair {
  readonly kind: "and" | "or";
  readonly left: LabelFilterNode;
  readonly right: LabelFilterNode;
}

export type MetricExpression = RangeAggregation | VectorAggregation | BinaryOperation | NumberLiteral | VectorLiteral;

/** `{...} stages [5m] offset 1h`. */
export interface LogRange {
  readonly log: LogExpression;
  readonly rangeMs: number;
  readonly offsetNs: number;
}

export type RangeOperation = "count_over_time" | "rate" | "bytes_over_time" | "bytes_rate";

export interface RangeAggregation {
  readonly kind: "rangeAggregation";
  readonly operation: RangeOperation;
  readonly range: LogRange;
}

/** `by` or `without` some labels. No grouping at all is `by ()`. */
export interface Grouping {
  readonly without: boolean;
  readonly labels: readonly string[];
}

export type VectorOperation = "sum" | "avg" | "min" | "max" | "count" | "topk" | "bottomk";

export interface VectorAggregation {
  readonly kind: "vectorAggregation";
  readonly operation: VectorOperation;
  readonly grouping: Grouping;
  /** How many samples topk and bottomk keep. */
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

export interface NumberLiteral {
  readonly kind: "literal";
  readonly value: number;
}

/** `vector(1)`: one sample without labels at every step. */
export interface VectorLiteral {
  readonly kind: "vector";
  readonly value: number;
}
