import type { IToken } from "chevrotain";
import type { Expression } from "./ast.ts";
import type { Built } from "./build.ts";
import { Grammar } from "./grammar.ts";
import type { Finding } from "./label-filter-grammar.ts";
import { UnexpectedToken } from "./log-grammar.ts";
import { semanticError } from "./syntax-error.ts";

// A grammar keeps nothing from one query to the next, and building it takes a while.
const grammar = new Grammar();

/** A token that does not fit. */
export interface Mismatch {
  readonly token: IToken;
  /** What would have fitted, see syntax-error.ts. */
  readonly expecting: string;
}

export type GrammarResult =
  | { readonly expression: Built<Expression>; readonly mismatch?: undefined }
  | { readonly expression?: undefined; readonly mismatch: Mismatch };

/**
 * Runs the grammar over the tokens of a query, up to the first that does not fit.
 *
 * @param findings takes what is wrong with the meaning of single tokens; otherwise the first is thrown or none looked for.
 * @throws {ServiceError} `bad_data` with Loki's text.
 */
export function runGrammar(tokens: IToken[], findings: Finding[] | "throw" | "ignore" = "throw"): GrammarResult {
  grammar.input = tokens;
  grammar.findings = findings;
  try {
    const expression = grammar.query();
    const [error] = grammar.errors;
    return error === undefined ? { expression } : { mismatch: { token: error.token, expecting: error.message } };
  } catch (error) {
    if (error instanceof UnexpectedToken) {
      return { mismatch: { token: error.token, expecting: error.expecting } };
    }
    // Chevrotain and we are recursive: a query of a hundred thousand parentheses is not worth more than an error.
    if (error instanceof RangeError) {
      throw nestedTooDeeply(error);
    }
    throw error;
  }
}

export function nestedTooDeeply(cause?: unknown): ReturnType<typeof semanticError> {
  return semanticError("the query is nested too deeply", cause);
}
