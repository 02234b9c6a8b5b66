import { compileRe2, messageOf, ServiceError, type Matcher } from "@sluice/model";
import type { Expression, LineFilterNode, LogExpression } from "./ast.ts";
import { checkedLog } from "./build.ts";
import { Grammar, UnexpectedToken } from "./grammar.ts";
import { tokenize } from "./lexer.ts";
import { checkLinePattern } from "./line-pattern.ts";
import { printStage } from "./print.ts";
import { semanticError, syntaxError, tooManyToList } from "./syntax-error.ts";

/** A longer query is refused unread. */
export const queryBytesMax = 131_072;

/** A deeper tree is refused: all that works on one is recursive, and `a + b + c` is as deep as it is long. */
const depthMax = 1000;

// A grammar keeps nothing from one query to the next, and building it takes a while.
const grammar = new Grammar();

/**
 * Reads a query.
 *
 * @throws {ServiceError} `bad_data` with Loki's text and position for whatever is wrong with it.
 */
export function parseQuery(query: string): Expression {
  const expression = parseUnchecked(query);
  const checked = expression.kind === "log" ? checkedLog(expression) : expression;
  if (checked.kind === "problem") {
    throw semanticError(checked.message);
  }
  freeze(checked);
  for (const log of logsOf(checked)) {
    checkLineFilters(log);
  }
  return checked;
}

/**
 * Reads a selector without stages, as the label and series endpoints take it.
 *
 * @param options.allowEmpty also accepts what every stream fits, such as `{}`.
 * @throws {ServiceError} `bad_data` with Loki's text.
 */
export function parseSelector(text: string, options: { readonly allowEmpty?: boolean } = {}): readonly Matcher[] {
  const expression = options.allowEmpty === true ? parseUnchecked(text) : parseQuery(text);
  if (expression.kind !== "log" || expression.stages.length > 0) {
    throw new ServiceError("bad_data", "only label matchers are supported");
  }
  freeze(expression);
  return expression.matchers;
}

function parseUnchecked(query: string): Expression {
  const sizeBytes = new TextEncoder().encode(query).length;
  if (sizeBytes >= queryBytesMax) {
    throw semanticError(`input size too long (${sizeBytes} > ${queryBytesMax})`);
  }
  grammar.input = tokenize(query);
  const expression = runGrammar(query);
  const [first] = grammar.errors;
  if (first !== undefined) {
    throw syntaxError(query, first.token, first.message);
  }
  if (expression.kind === "problem") {
    throw semanticError(expression.message);
  }
  return expression;
}

function runGrammar(query: string): ReturnType<Grammar["query"]> {
  try {
    return grammar.query();
  } catch (error) {
    if (error instanceof UnexpectedToken) {
      throw syntaxError(query, error.token, tooManyToList);
    }
    // Chevrotain and we are recursive: a query of a hundred thousand parentheses is not worth more than an error.
    if (error instanceof RangeError) {
      throw nestedTooDeeply(error);
    }
    throw error;
  }
}

/** Every log expression in the query, from the left. */
export function logsOf(expression: Expression): readonly LogExpression[] {
  switch (expression.kind) {
    case "log":
      return [expression];
    case "rangeAggregation":
      return [expression.range.log];
    case "vectorAggregation":
    case "labelReplace":
      return logsOf(expression.operand);
    case "binary":
      return [...logsOf(expression.left), ...logsOf(expression.right)];
    case "literal":
    case "vector":
      return [];
  }
}

/** Line filters in a row are one stage to Loki, and its error shows them all. */
function checkLineFilters({ stages }: LogExpression): void {
  let row: LineFilterNode[] = [];
  for (const stage of stages) {
    if (stage.kind === "lineFilter") {
      row.push(stage);
      continue;
    }
    checkRow(row);
    row = [];
  }
  checkRow(row);
}

function checkRow(row: readonly LineFilterNode[]): void {
  try {
    for (const { operator, alternatives } of row) {
      for (const { text } of alternatives) {
        if (operator === "|~" || operator === "!~") {
          compileRe2(text, { anchored: false });
        } else if (operator === "|>" || operator === "!>") {
          checkLinePattern(text);
        }
      }
    }
  } catch (error) {
    throw semanticError(`stage '${row.map(printStage).join(" ")}' : ${messageOf(error)}`, error);
  }
}

/** @throws {ServiceError} `bad_data` when the tree is too deep. */
function freeze(tree: Expression): void {
  let level: readonly unknown[] = [tree];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > depthMax) {
      throw nestedTooDeeply();
    }
    const nodes = level.filter((node) => typeof node === "object" && node !== null);
    level = nodes.flatMap((node): readonly unknown[] => Object.values(Object.freeze(node)));
  }
}

function nestedTooDeeply(cause?: unknown): ServiceError {
  return semanticError("the query is nested too deeply", cause);
}
