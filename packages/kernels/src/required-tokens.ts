import { forEachToken, hashToken, mayHoldToken, type TokenHash } from "./token-filter.ts";

/**
 * The tokens that every text with the needle in it holds: those with a byte that belongs to no token on either side,
 * within the needle. Its first and its last token may be parts of longer ones in the text, so that they prove nothing
 * when they touch the needle's ends: `deadbeef` requires no token, `-4ab1-` and `"id":"7f"` require `4ab1` and `id`, `7f`.
 */
export function innerTokens(needle: Uint8Array): readonly TokenHash[] {
  return tokensOf(needle, (start, end) => start > 0 && end < needle.length);
}

/**
 * All tokens of a value of which it is known that it is a whole part of what the filter was made of, as in an equality
 * on structured metadata: then its first and last token are whole tokens too.
 */
export function allTokens(value: Uint8Array): readonly TokenHash[] {
  return tokensOf(value, () => true);
}

/** Whether what the filter was made of may hold all of the tokens; false only when one is missing for certain. */
export function mayHoldTokens(filter: Uint8Array, tokens: readonly TokenHash[]): boolean {
  return tokens.every((token) => mayHoldToken(filter, token));
}

function tokensOf(bytes: Uint8Array, isWanted: (start: number, end: number) => boolean): readonly TokenHash[] {
  const hashes = new Set<TokenHash>();
  forEachToken(bytes, (start, end) => {
    if (isWanted(start, end)) {
      hashes.add(hashToken(bytes, start, end));
    }
  });
  return [...hashes];
}
