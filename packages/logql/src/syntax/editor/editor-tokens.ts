import type { IToken } from "chevrotain";
import { scanQuery, type ScanWarning } from "../lexer.ts";
import * as tokens from "../tokens.ts";

export interface EditorTokens {
  /** From the left, over the whole text; what cannot be read is one token of type {@link tokens.Unreadable} each. */
  readonly tokens: readonly IToken[];
  readonly warnings: readonly ScanWarning[];
}

/** Splits a text into tokens as the lexer does, and goes on behind what it cannot read: at the line's end or a `]`. */
export function scanForEditor(text: string): EditorTokens {
  const found: IToken[] = [];
  const warnings: ScanWarning[] = [];
  let start = 0;
  while (start < text.length) {
    const scanned = scanQuery(text, start);
    for (const warning of scanned.warnings) {
      warnings.push(warning);
    }
    for (const token of scanned.tokens) {
      found.push(token);
    }
    const last = scanned.tokens.at(-1);
    if (last?.tokenType !== tokens.Unreadable) {
      break;
    }
    const end = endOfUnreadable(text, last.startOffset);
    last.image = text.slice(last.startOffset, end);
    last.endOffset = end - 1;
    start = end;
  }
  return { tokens: found, warnings };
}

function endOfUnreadable(text: string, offset: number): number {
  const isRange = text[offset] === "[";
  const closing = isRange ? /[\]\n|)]/u : /\n/u;
  const rest = text.slice(offset + 1);
  const at = rest.search(closing);
  if (at === -1) {
    return text.length;
  }
  return offset + 1 + at + (isRange && rest[at] === "]" ? 1 : 0);
}

/** Where the token ends, exclusively. */
export function endOf(token: IToken): number {
  return token.startOffset + token.image.length;
}
