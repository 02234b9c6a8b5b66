import { printDurationMs, unquoteGo, type MatchOperator } from "@sluice/model";

/** A piece of a query's text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface QueryMatcher extends Span {
  readonly name: string;
  readonly operator: MatchOperator;
  readonly value: string;
}

export interface QueryStage extends Span {
  readonly type: "line-filter" | "json" | "logfmt" | "parser" | "label-filter" | "other";
  /** The operator of a line filter, else empty. */
  readonly operator: string;
}

/** The first log pipeline of a query: where its parts are, so that the text around them can stay as it was typed. */
export interface LogPipeline extends Span {
  /** The braces and what is between them. */
  readonly selector: Span;
  readonly matchers: readonly QueryMatcher[];
  readonly stages: readonly QueryStage[];
}

/**
 * Finds the parts of a query that the page edits. It reads quotes, comments and braces as LogQL does and takes the rest
 * loosely: half-typed queries are its daily bread, and the server is the judge of what is valid.
 *
 * @returns undefined when there is no closed selector.
 */
export function findPipeline(query: string): LogPipeline | undefined {
  const open = findOutsideText(query, 0, "{");
  const close = open < 0 ? -1 : findOutsideText(query, open + 1, "}");
  if (close < 0) {
    return undefined;
  }
  const selector = { start: open, end: close + 1 };
  const stages = readStages(query, selector.end);
  return {
    start: open,
    end: stages.at(-1)?.end ?? selector.end,
    selector,
    matchers: readMatchers(query, selector),
    stages,
  };
}

/** Whether the query asks for lines: nothing but parentheses around its pipeline. */
export function isLogQuery(query: string): boolean {
  const pipeline = findPipeline(query);
  if (pipeline === undefined) {
    return false;
  }
  const before = withoutComments(query.slice(0, pipeline.start)).trim();
  const after = withoutComments(query.slice(pipeline.end)).trim();
  return /^\(*$/u.test(before.replaceAll(/\s/gu, "")) && /^\)*$/u.test(after.replaceAll(/\s/gu, ""));
}

/** Counts the lines of a log query per step and level, for the histogram. */
export function volumeQuery(query: string, stepMs: number): string | undefined {
  const pipeline = findPipeline(query);
  if (pipeline === undefined) {
    return undefined;
  }
  const counted = ranged(query.slice(pipeline.start, pipeline.end), `${stepMs}ms`);
  return `sum by (level, detected_level) (count_over_time(${counted}))`;
}

/** The rate of a log query's lines over time, one series per value of a label; `by` may be empty. */
export function chartQuery(query: string, by: string, windowMs: number): string | undefined {
  const pipeline = findPipeline(query);
  if (pipeline === undefined) {
    return undefined;
  }
  const counted = ranged(query.slice(pipeline.start, pipeline.end), printDurationMs(windowMs));
  return by === "" ? `sum(rate(${counted}))` : `sum by (${by}) (rate(${counted}))`;
}

/** Texts that each shown line contains because a `|=` filter asks for them. */
export function searchedTexts(query: string): readonly string[] {
  const stages = findPipeline(query)?.stages ?? [];
  return stages
    .filter(({ operator }) => operator === "|=")
    .flatMap(({ start, end }) => literalsOf(query.slice(start + 2, end)))
    .filter((text) => text !== "");
}

/** The text of a Go string literal, quoted or raw; undefined when it is not closed. */
export function literalText(literal: string): string | undefined {
  const quote = literal[0];
  if (literal.length < 2 || literal.at(-1) !== quote) {
    return undefined;
  }
  try {
    return quote === "`" ? literal.slice(1, -1) : unquoteGo(literal.slice(1, -1));
  } catch {
    return undefined;
  }
}

/** The position after a string or comment that starts at `at`; `at` itself when none starts there. */
export function skipText(query: string, at: number): number {
  const char = query[at];
  if (char === '"' || char === "`") {
    for (let i = at + 1; i < query.length; i++) {
      if (query[i] === "\\" && char === '"') {
        i += 1;
      } else if (query[i] === char) {
        return i + 1;
      }
    }
    return query.length;
  }
  if (char === "#" || (char === "/" && query[at + 1] === "/")) {
    const end = query.indexOf("\n", at);
    return end < 0 ? query.length : end + 1;
  }
  return at;
}

function ranged(pipeline: string, range: string): string {
  // A comment at the end of the pipeline would swallow the bracket.
  const border = pipeline.includes("#") || pipeline.includes("//") ? "\n" : " ";
  return `${pipeline}${border}[${range}]`;
}

function findOutsideText(query: string, from: number, wanted: string): number {
  for (let i = from; i < query.length;) {
    const next = skipText(query, i);
    if (next > i) {
      i = next;
    } else if (query[i] === wanted) {
      return i;
    } else {
      i += 1;
    }
  }
  return -1;
}

const matcherStart = /\s*([\p{L}_][\p{L}\p{N}_]*)\s*(=~|!~|!=|=)\s*/uy;

function readMatchers(query: string, selector: Span): QueryMatcher[] {
  const matchers: QueryMatcher[] = [];
  let at = selector.start + 1;
  while (at < selector.end - 1) {
    matcherStart.lastIndex = at;
    const match = matcherStart.exec(query);
    if (match === null) {
      at = Math.max(skipText(query, at), at + 1);
      continue;
    }
    const valueStart = matcherStart.lastIndex;
    const end = skipText(query, valueStart);
    const value = literalText(query.slice(valueStart, end));
    const start = at + (match[0].length - match[0].trimStart().length);
    if (value !== undefined) {
      matchers.push({ start, end, name: match[1]!, operator: match[2] as MatchOperator, value });
    }
    at = Math.max(end, valueStart);
  }
  return matchers;
}

const stageStart = /\s*(\|=|!=|\|~|!~|\|>|!>|\|)/uy;
const stageWord = /\s*([\p{L}_][\p{L}\p{N}_]*)\s*/uy;
const parsers = new Set(["regexp", "pattern", "unpack"]);
const others = new Set(["line_format", "label_format", "drop", "keep", "decolorize", "unwrap"]);
/** Stages after which `!=` is a line filter: they end without a name that it could compare. */
const argumentless = new Set(["json", "logfmt", "unpack", "decolorize"]);

function readStages(query: string, from: number): QueryStage[] {
  const stages: QueryStage[] = [];
  let at = from;
  for (;;) {
    at = skipComments(query, at);
    stageStart.lastIndex = at;
    const match = stageStart.exec(query);
    if (match === null) {
      return stages;
    }
    const operator = match[1]!;
    const start = stageStart.lastIndex - operator.length;
    const body = stageStart.lastIndex;
    stageWord.lastIndex = body;
    const word = operator === "|" ? (stageWord.exec(query)?.[1] ?? "") : "";
    const end = stageEnd(query, word === "" ? body : stageWord.lastIndex, argumentless.has(word) || operator !== "|");
    stages.push({ start, end, type: stageType(operator, word), operator: operator === "|" ? "" : operator });
    at = end;
  }
}

function stageType(operator: string, word: string): QueryStage["type"] {
  if (operator !== "|") {
    return "line-filter";
  }
  if (word === "json" || word === "logfmt") {
    return word;
  }
  return parsers.has(word) ? "parser" : others.has(word) ? "other" : "label-filter";
}

/** Where the next stage, a range, an outer parenthesis or the text ends this stage; blanks before that are not in it. */
function stageEnd(query: string, from: number, lineFilterMayFollow: boolean): number {
  let depth = 0;
  let end = from;
  // After a blank: the end of `json` itself is the end of its stage.
  for (let i = from; i < query.length;) {
    const next = skipText(query, i);
    const char = query[i]!;
    if (next > i) {
      const isComment = char === "#" || char === "/";
      end = isComment ? end : next;
      i = next;
      continue;
    }
    if (depth === 0 && (char === "|" || char === "[" || char === ")")) {
      break;
    }
    if (depth === 0 && lineFilterMayFollow && char === "!") {
      break;
    }
    depth += char === "(" ? 1 : char === ")" ? -1 : 0;
    i += 1;
    end = /\s/u.test(char) ? end : i;
  }
  return trimEnd(query, from, end);
}

function trimEnd(query: string, from: number, end: number): number {
  let at = Math.max(from, end);
  while (at > 0 && /\s/u.test(query[at - 1]!)) {
    at -= 1;
  }
  return at;
}

function skipComments(query: string, from: number): number {
  let at = from;
  for (;;) {
    const blank = /^\s*/u.exec(query.slice(at))![0].length;
    const char = query[at + blank];
    const isComment = char === "#" || (char === "/" && query[at + blank + 1] === "/");
    if (!isComment) {
      return at;
    }
    at = skipText(query, at + blank);
  }
}

function withoutComments(text: string): string {
  return text.replaceAll(/(?:#|\/\/)[^\n]*/gu, "");
}

function literalsOf(text: string): string[] {
  const literals: string[] = [];
  for (let i = 0; i < text.length;) {
    const next = skipText(text, i);
    if (next > i) {
      const literal = literalText(text.slice(i, next));
      literals.push(...(literal === undefined ? [] : [literal]));
    }
    i = Math.max(next, i + 1);
  }
  return literals;
}
