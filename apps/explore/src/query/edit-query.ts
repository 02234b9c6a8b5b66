import { quoteGo, type MatchOperator } from "@sluice/model";
import { findPipeline, literalText, type LogPipeline, type QueryStage } from "./log-query.ts";

/** Where a field of a line comes from: it decides what a filter on it looks like and where it stands. */
export type FieldOrigin =
  /** A label of the stream. */
  | "label"
  /** Structured metadata of the line. */
  | "metadata"
  /** Made by the query's own stages. */
  | "parsed"
  /** Read from the line by this page; the query needs a parser for it. */
  | "json"
  | "logfmt";

export interface Field {
  readonly name: string;
  readonly value: string;
  readonly origin: FieldOrigin;
}

export type FilterOperator = Extract<MatchOperator, "=" | "!=">;

/** Which filter on this very value the query has. */
export function filterOf(query: string, field: Field): FilterOperator | undefined {
  const pipeline = findPipeline(query);
  if (pipeline === undefined) {
    return undefined;
  }
  if (field.origin === "label") {
    const { operator } =
      pipeline.matchers.find((matcher) => isEquality(matcher.operator) && matches(matcher, field)) ?? {};
    return operator as FilterOperator | undefined;
  }
  return findLabelFilter(query, pipeline, field)?.operator;
}

/**
 * Filters a value in (`=`) or out (`!=`); asking twice takes the filter away, asking for the opposite turns it. What
 * else the query says, and how it is written, stays.
 *
 * - A label goes into the selector.
 * - Metadata goes before the first parser, which could make a label of the same name.
 * - What the query or the page parsed goes to the end of the pipeline, behind a parser that is added when there is none.
 */
export function toggleFilter(query: string, field: Field, operator: FilterOperator): string {
  const pipeline = findPipeline(query);
  if (pipeline === undefined) {
    return query;
  }
  return field.origin === "label"
    ? toggleMatcher(query, pipeline, field, operator)
    : toggleLabelFilter(query, pipeline, field, operator);
}

/** A selector from the values that were picked; several of one label become one regular expression. */
export function selectorOf(picked: ReadonlyMap<string, ReadonlySet<string>>): string {
  const matchers = [...picked]
    .filter(([, values]) => values.size > 0)
    .map(([name, values]) => {
      const [first] = values;
      return values.size === 1
        ? `${name}=${quoteGo(first!)}`
        : `${name}=~${quoteGo([...values].map((value) => escapeRe2(value)).join("|"))}`;
    });
  return matchers.length === 0 ? "" : `{${matchers.join(", ")}}`;
}

/** Appends a filter for lines that contain a text. */
export function addLineFilter(query: string, text: string): string {
  const pipeline = findPipeline(query);
  return pipeline === undefined ? query : insertAt(query, afterLineFilters(pipeline), ` |= ${quoteGo(text)}`);
}

/** Takes a stage out of the query. */
export function removeStage(query: string, stage: QueryStage): string {
  const start = query.slice(0, stage.start).trimEnd().length;
  return query.slice(0, start) + query.slice(stage.end);
}

function toggleMatcher(query: string, pipeline: LogPipeline, field: Field, operator: FilterOperator): string {
  const { matchers, selector } = pipeline;
  const text = `${field.name}${operator}${quoteGo(field.value)}`;
  const index = matchers.findIndex((matcher) => isEquality(matcher.operator) && matches(matcher, field));
  const existing = matchers[index];
  if (existing === undefined) {
    // Another `=` on the same label cannot hold at the same time: it is replaced.
    const other =
      operator === "=" ? matchers.find(({ name, operator }) => name === field.name && operator === "=") : undefined;
    if (other !== undefined) {
      return query.slice(0, other.start) + text + query.slice(other.end);
    }
    const last = matchers.at(-1);
    return last === undefined ? insertAt(query, selector.start + 1, text) : insertAt(query, last.end, `, ${text}`);
  }
  if (existing.operator !== operator) {
    return query.slice(0, existing.start) + text + query.slice(existing.end);
  }
  const next = matchers[index + 1];
  const previous = matchers[index - 1];
  const start = next === undefined && previous !== undefined ? previous.end : existing.start;
  const end = next === undefined ? existing.end : next.start;
  return query.slice(0, start) + query.slice(end);
}

function toggleLabelFilter(query: string, pipeline: LogPipeline, field: Field, operator: FilterOperator): string {
  const existing = findLabelFilter(query, pipeline, field);
  if (existing?.operator === operator) {
    return removeStage(query, existing.stage);
  }
  const text = `| ${field.name}${operator}${quoteGo(field.value)}`;
  if (existing !== undefined) {
    return query.slice(0, existing.stage.start) + text + query.slice(existing.stage.end);
  }
  if (field.origin === "metadata") {
    return insertAt(query, afterLineFilters(pipeline), ` ${text}`);
  }
  const needsParser = field.origin !== "parsed" && !pipeline.stages.some(({ type }) => type === field.origin);
  return insertAt(query, pipeline.end, needsParser ? ` | ${field.origin} ${text}` : ` ${text}`);
}

interface LabelFilter {
  readonly stage: QueryStage;
  readonly operator: FilterOperator;
}

const labelFilter = /^\|\s*([\p{L}_][\p{L}\p{N}_]*)\s*(!=|==?)\s*(.*)$/su;

/** A stage that is exactly one comparison of the field with its value. */
function findLabelFilter(query: string, pipeline: LogPipeline, field: Field): LabelFilter | undefined {
  for (const stage of pipeline.stages) {
    const match = stage.type === "label-filter" ? labelFilter.exec(query.slice(stage.start, stage.end)) : null;
    if (match !== null && match[1] === field.name && literalText(match[3]!.trim()) === field.value) {
      return { stage, operator: match[2] === "!=" ? "!=" : "=" };
    }
  }
  return undefined;
}

/** Behind the selector, the line filters and the label filters that come before any parser. */
function afterLineFilters({ selector, stages }: LogPipeline): number {
  let at = selector.end;
  for (const stage of stages) {
    if (stage.type !== "line-filter" && stage.type !== "label-filter") {
      break;
    }
    at = stage.end;
  }
  return at;
}

function matches(matcher: { readonly name: string; readonly value: string }, field: Field): boolean {
  return matcher.name === field.name && matcher.value === field.value;
}

function isEquality(operator: MatchOperator): operator is FilterOperator {
  return operator === "=" || operator === "!=";
}

function insertAt(query: string, at: number, text: string): string {
  return query.slice(0, at) + text + query.slice(at);
}

function escapeRe2(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/gu, String.raw`\$&`);
}
