import { perlClass } from "./classes.ts";
import { isInSet } from "./code-points.ts";
import type { Assertion } from "./tree.ts";

/** What stands on one side of a place in a text: as much as assertions can tell apart. */
export type Neighbour = 0 | 1 | 2 | 3;

export const neighbours = {
  /** Nothing: the text begins or ends. */
  edge: 0,
  lineBreak: 1,
  /** A character of `\w`. */
  word: 2,
  other: 3,
} as const;

/** A set of pairs (what stands before, what stands behind), as bits `4 * before + behind`. */
export type Contexts = number;

export const everyContext: Contexts = 0xffff;

/** Where an assertion holds. */
export function contextsOf(assertion: Assertion): Contexts {
  let contexts = 0;
  for (const before of everyNeighbour) {
    for (const behind of everyNeighbour) {
      contexts |= holds(assertion, before, behind) ? pairBit(before, behind) : 0;
    }
  }
  return contexts;
}

export function isAmong(contexts: Contexts, before: Neighbour, behind: Neighbour): boolean {
  return (contexts & pairBit(before, behind)) !== 0;
}

const everyNeighbour = Object.values(neighbours);

function pairBit(before: Neighbour, behind: Neighbour): Contexts {
  return 1 << (4 * before + behind);
}

/** Whether an assertion holds between two neighbours. */
export function holds(assertion: Assertion, before: Neighbour, behind: Neighbour): boolean {
  const { edge, lineBreak, word } = neighbours;
  switch (assertion) {
    case "textStart":
      return before === edge;
    case "textEnd":
      return behind === edge;
    case "lineStart":
      return before === edge || before === lineBreak;
    case "lineEnd":
      return behind === edge || behind === lineBreak;
    case "wordBoundary":
      return (before === word) !== (behind === word);
    case "noWordBoundary":
      return (before === word) === (behind === word);
  }
}

/** What a character is to assertions. */
export function neighbourOf(codePoint: number): Neighbour {
  if (codePoint === 0x0a) {
    return neighbours.lineBreak;
  }
  return isInSet(word, codePoint) ? neighbours.word : neighbours.other;
}

const word = perlClass("w")!;
