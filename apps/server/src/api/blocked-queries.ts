import type { Expression } from "@sluice/logql/syntax";
import { compileRe2 } from "@sluice/model";
import type { Limits } from "../limits.ts";

/**
 * Whether the tenant's `blocked_queries` refuse a query. Of the rules with its hash, or a pattern that fits it, the
 * first decides.
 *
 * @see Loki's pkg/logql/blocker.go
 */
export function isBlocked(query: string, expression: Expression, rules: Limits["blocked_queries"]): boolean {
  const rule = rules.find(({ hash, pattern, regex }) => {
    if (hash > 0) {
      return hash === hashOf(query);
    }
    return pattern === "" || (regex ? matches(pattern, query) : pattern.trim() === query.trim());
  });
  return rule !== undefined && (rule.types.length === 0 || rule.types.includes(kindOf(expression)));
}

function matches(pattern: string, query: string): boolean {
  return compileRe2(pattern, { anchored: false }).test(query);
}

/** Loki's kinds: a log query without a filter is `limited`. */
function kindOf(expression: Expression): Limits["blocked_queries"][number]["types"][number] {
  if (expression.kind !== "log") {
    return "metric";
  }
  const hasFilter = expression.stages.some(({ kind }) => kind === "lineFilter" || kind === "labelFilter");
  return hasFilter ? "filter" : "limited";
}

/** FNV-1 in 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = (Math.imul(hash, 0x01000193) ^ byte) >>> 0;
  }
  return hash;
}
