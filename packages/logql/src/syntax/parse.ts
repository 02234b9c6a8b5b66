import { ServiceError, type Matcher } from "@sluice/model";
import type { Expression, LogExpression } from "./ast.ts";
import { checkedLog } from "./build.ts";
import { checkStages } from "./check-stages.ts";
import { scanQuery, type ScanWarning } from "./lexer.ts";
import { nestedTooDeeply, runGrammar, type Mismatch } from "./run-grammar.ts";
import { isEndOfQuery, scanError, semanticError, syntaxError } from "./syntax-error.ts";

/** A longer query is refused unread. */
export const queryBytesMax = 131_072;

/** A deeper tree is refused: all that works on one is recursive, and `a + b + c` is as deep as it is long. */
const depthMax = 1000;

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
    checkStages(log.stages);
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
  const { tokens, warnings } = scanQuery(query);
  const { expression, mismatch } = runGrammar(tokens);
  if (mismatch !== undefined) {
    throw firstError(query, warnings, mismatch);
  }
  const [warning] = warnings;
  if (warning !== undefined) {
    throw scanError(query, warning.offset, warning.message);
  }
  if (expression.kind === "problem") {
    throw semanticError(expression.message);
  }
  return expression;
}

/** Of what the lexer complained of and the token that does not fit, Loki tells what it met first. */
function firstError(query: string, warnings: readonly ScanWarning[], { token, expecting }: Mismatch): ServiceError {
  const [warning] = warnings;
  const isEarlier = warning !== undefined && (isEndOfQuery(token) || warning.offset <= token.startOffset);
  return isEarlier ? scanError(query, warning.offset, warning.message) : syntaxError(query, token, expecting);
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

/** @throws {ServiceError} `bad_data` when the tree is too deep. */
function freeze(tree: Expression): void {
  const pending: object[] = [tree];
  const depths = [0];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const depth = depths.pop()!;
    if (depth > depthMax) {
      throw nestedTooDeeply();
    }
    for (const value of Object.values(Object.freeze(node)) as unknown[]) {
      if (typeof value === "object" && value !== null) {
        pending.push(value);
        depths.push(depth + 1);
      }
    }
  }
}
