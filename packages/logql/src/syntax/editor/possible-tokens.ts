import { isServiceError } from "@sluice/model";
import { createTokenInstance, type IToken, type TokenType } from "chevrotain";
import { runGrammar } from "../run-grammar.ts";
import * as tokens from "../tokens.ts";

function tokenOf(type: TokenType, image: string): IToken {
  return createTokenInstance(type, image, 0, 0, Number.NaN, Number.NaN, Number.NaN, Number.NaN);
}

/** No rule accepts it: where the grammar stops at it, all before fits. */
const cursor = tokenOf(tokens.Unreadable, "");

/**
 * Says of types of tokens whether one may come behind the tokens of `before`. It asks the grammar itself, by running it
 * with one such token and a stop behind.
 */
export function possibleTokens(before: readonly IToken[]): (type: TokenType) => boolean {
  const known = new Map<TokenType, boolean>();
  return (type) => {
    let isPossible = known.get(type);
    if (isPossible === undefined) {
      isPossible = fits([...before, tokenOf(type, type.name.toLowerCase())]);
      known.set(type, isPossible);
    }
    return isPossible;
  };
}

/** Whether the tokens begin some query. */
export function fits(before: readonly IToken[]): boolean {
  try {
    return runGrammar([...before, cursor], "ignore").mismatch?.token === cursor;
  } catch (error) {
    if (isServiceError(error, "bad_data")) {
      return false;
    }
    throw error;
  }
}
