import { innerTokens, mayHoldTokens } from "@sluice/kernels";

/**
 * A test of skip filters: false only when no line of the filter's block can hold all of the needles. Undefined when the
 * needles prove nothing about whole tokens, so that no block can be skipped by them.
 *
 * @param needles UTF-8 texts that a line must hold, every one of them.
 */
export function compileNeedles(needles: readonly Uint8Array[]): ((filter: Uint8Array) => boolean) | undefined {
  const tokens = needles.flatMap((needle) => innerTokens(needle));
  return tokens.length === 0 ? undefined : (filter) => mayHoldTokens(filter, tokens);
}
