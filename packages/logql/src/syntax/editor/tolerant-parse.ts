import { isServiceError, messageOf } from "@sluice/model";
import type { IToken } from "chevrotain";
import type { Finding } from "../label-filter-grammar.ts";
import { parseQuery } from "../parse.ts";
import { runGrammar } from "../run-grammar.ts";
import { isEndOfQuery, positionOf, syntaxMessage } from "../syntax-error.ts";
import * as tokens from "../tokens.ts";
import { scanForEditor } from "./editor-tokens.ts";
import { highlight, type Highlight } from "./highlight.ts";
import { findSelectors, type FoundSelector } from "./selectors.ts";

/** A mistake and where it is: line and column count from 1 in characters, offset and length in UTF-16 units. */
export interface EditorError {
  /** Loki's text without its position. */
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly offset: number;
  readonly length: number;
}

export interface TolerantParse {
  /** Every token and comment, from the left. */
  readonly highlights: readonly Highlight[];
  /** From the left, ten at most. Empty when and only when the query is right. */
  readonly errors: readonly EditorError[];
  readonly selectors: readonly FoundSelector[];
}

const errorsMax = 10;
/** How often the grammar runs to find more than the first error. */
const runsMax = 40;
/** Of a longer query only the first error is found. */
const tokensMax = 3000;

/** Reads what can be read of a query that may be wrong or half written. Never throws. */
export function parseTolerant(text: string): TolerantParse {
  const { tokens: all, warnings } = scanForEditor(text);
  const mistakes = [
    ...all.filter(isUnreadable).map((token) => mistakeAt(token, String(token.payload))),
    ...warnings.map(({ message, offset, length }) => ({ message, offset, length })),
    ...grammarMistakes(text, all),
  ];
  const errors = (mistakes.length === 0 ? mistakesOfWhole(text) : mistakes)
    .sort((a, b) => a.offset - b.offset)
    .slice(0, errorsMax)
    .map((mistake) => ({ ...mistake, ...positionOf(text, mistake.offset) }));
  return { highlights: highlight(text, all), errors, selectors: findSelectors(all) };
}

type Mistake = Pick<EditorError, "message" | "offset" | "length">;

function mistakeAt({ startOffset, image }: IToken, message: string): Mistake {
  return { message, offset: startOffset, length: image.length };
}

function isUnreadable({ tokenType }: IToken): boolean {
  return tokenType === tokens.Unreadable;
}

/**
 * Leaves out tokens that do not fit and goes on until one does, as yacc does. A token that is left out right behind
 * another tells nothing new.
 */
function grammarMistakes(text: string, all: readonly IToken[]): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  const rest = [...all];
  let findings: Finding[] = [];
  let lastIndex = -1;
  const runs = all.length > tokensMax ? 1 : runsMax;
  for (let run = 0; run < runs && mistakes.length < errorsMax; run++) {
    findings = [];
    const mismatch = mismatchOf(rest, findings);
    if (mismatch === undefined) {
      break;
    }
    const { token, expecting } = mismatch;
    const index = isEndOfQuery(token) ? rest.length : rest.indexOf(token);
    if (index !== lastIndex && !isUnreadable(token)) {
      const message = syntaxMessage(token, expecting);
      mistakes.push(
        isEndOfQuery(token) ? { message, offset: text.trimEnd().length, length: 0 } : mistakeAt(token, message),
      );
    }
    if (index >= rest.length) {
      break;
    }
    lastIndex = index;
    rest.splice(index, 1);
  }
  return [...mistakes, ...findings.map(({ message, token }) => mistakeAt(token, message))];
}

function mismatchOf(
  rest: IToken[],
  findings: Finding[],
): { readonly token: IToken; readonly expecting: string } | undefined {
  try {
    return runGrammar(rest, findings).mismatch;
  } catch (error) {
    if (isServiceError(error, "bad_data")) {
      return undefined;
    }
    throw error;
  }
}

/** What is wrong with the meaning of the whole has no place of its own. */
function mistakesOfWhole(text: string): Mistake[] {
  try {
    parseQuery(text);
    return [];
  } catch (error) {
    if (!isServiceError(error, "bad_data")) {
      throw error;
    }
    const message = messageOf(error).replace(/^parse error(?: at line \d+, col \d+)? ?: /u, "");
    return [{ message, offset: 0, length: text.length }];
  }
}
