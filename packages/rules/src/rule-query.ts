import { parseQuery, printExpression, type LogRange, type MetricExpression } from "@sluice/logql/syntax";
import { ServiceError } from "@sluice/model";

/** The query of a rule, and the lines that it looks at. */
export interface RuleQuery {
  /** The canonical form, as Loki's API shows it. */
  readonly text: string;
  /** What to search to see the lines behind an alert; undefined when the query reads none, as `vector(1)`. */
  readonly logs: RuleLogs | undefined;
}

export interface RuleLogs {
  /** The log query inside of the (first) range aggregation. */
  readonly query: string;
  /** An evaluation looks at the lines of this span of time, */
  readonly rangeMs: number;
  /** which ends so long before it. */
  readonly offsetMs: number;
}

/**
 * Parses the expression of a rule.
 *
 * @throws {ServiceError} `bad_data` with the parser's text, or when the expression is a log query: its lines are no
 *   samples, so that it could never become an alert.
 */
export function parseRuleQuery(text: string): RuleQuery {
  const expression = parseQuery(text);
  if (expression.kind === "log") {
    throw new ServiceError("bad_data", "rule result is not a vector or scalar: a log query has no samples to compare");
  }
  const range = firstRange(expression);
  return {
    text: printExpression(expression),
    logs: range && {
      query: printExpression(range.log),
      rangeMs: range.rangeMs,
      offsetMs: range.offsetNs / 1e6,
    },
  };
}

/** The leftmost range of a metric query. */
function firstRange(node: MetricExpression): LogRange | undefined {
  if ("range" in node) {
    return node.range;
  }
  if ("operand" in node) {
    return firstRange(node.operand);
  }
  return "left" in node ? (firstRange(node.left) ?? firstRange(node.right)) : undefined;
}
