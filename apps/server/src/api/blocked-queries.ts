import type { Expression } from "@sluice/logql/syntax";
import { compileRe2 } from "@sluice/model";
import type { Limits } from "../limits.ts";

type BlockedQuery = Limits["blocked_queries"][number];

/**
 * Whether the tenant's `blocked_queries` refuse a query. Of the rules with its hash, or a pattern that fits it, the
 * first decides.
 *
 * @param queryTags the request's `X-Query-Tags`: `Source=logvolhist,Feature=beta`.
 * @see Loki's pkg/logql/blocker.go
 */
export function isBlocked(
  query: string,
  expression: Expression,
  rules: readonly BlockedQuery[],
  queryTags: string,
): boolean {
  const rule = rules.find(({ hash, pattern, regex }) => {
    if (hash > 0) {
      return hash === hashOf(query);
    }
    return pattern === "" || pattern.trim() === query.trim() || (regex && matches(pattern, query));
  });
  return (
    rule !== undefined &&
    (rule.types.length === 0 || rule.types.includes(kindOf(expression))) &&
    hasTags(queryTags, rule.query_tags)
  );
}

function matches(pattern: string, query: string): boolean {
  return compileRe2(pattern, { anchored: false }).test(query);
}

/** Neither names nor values of tags are case-sensitive. */
function hasTags(queryTags: string, wanted: BlockedQuery["query_tags"]): boolean {
  const tags = new Set(queryTags.split(",").map((tag) => tag.trim().toLowerCase()));
  return Object.entries(wanted).every(([name, value]) => tags.has(`${name}=${value}`.toLowerCase()));
}

/** Loki's kinds: a log query without a filter is `limited`. */
function kindOf(expression: Expression): BlockedQuery["types"][number] {
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
