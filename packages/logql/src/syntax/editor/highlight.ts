import type { IToken, TokenType } from "chevrotain";
import * as tokens from "../tokens.ts";
import { endOf } from "./editor-tokens.ts";

export type HighlightKind =
  | "keyword"
  | "function"
  | "stage"
  | "label"
  | "text"
  | "number"
  | "duration"
  | "size"
  | "range"
  | "flag"
  | "operator"
  | "punctuation"
  | "comment"
  | "unreadable";

/** A piece of the text to colour; `to` is exclusive, both in UTF-16 units. */
export interface Highlight {
  readonly kind: HighlightKind;
  readonly from: number;
  readonly to: number;
}

/** Names the tokens for colouring, and finds the comments between them. */
export function highlight(text: string, all: readonly IToken[]): readonly Highlight[] {
  const found: Highlight[] = [];
  let end = 0;
  for (const token of all) {
    addComments(text, end, token.startOffset, found);
    end = endOf(token);
    found.push({ kind: kindOf(token), from: token.startOffset, to: end });
  }
  addComments(text, end, text.length, found);
  return found;
}

const comment = /#[^\n]*|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)/gu;

function addComments(text: string, from: number, to: number, found: Highlight[]): void {
  if (from === to) {
    return;
  }
  for (const match of text.slice(from, to).matchAll(comment)) {
    const start = from + match.index;
    found.push({ kind: "comment", from: start, to: start + match[0].length });
  }
}

const byType: ReadonlyMap<TokenType, HighlightKind> = new Map([
  [tokens.Identifier, "label"],
  [tokens.Unknown, "unreadable"],
  [tokens.Unreadable, "unreadable"],
  [tokens.Text, "text"],
  [tokens.Numeral, "number"],
  [tokens.Duration, "duration"],
  [tokens.ByteSize, "size"],
  [tokens.Range, "range"],
  [tokens.Flag, "flag"],
  ...[
    tokens.Json,
    tokens.Logfmt,
    tokens.Regexp,
    tokens.Pattern,
    tokens.Unpack,
    tokens.LineFormat,
    tokens.LabelFormat,
    tokens.Decolorize,
    tokens.Drop,
    tokens.Keep,
    tokens.Unwrap,
  ].map((type): [TokenType, HighlightKind] => [type, "stage"]),
  ...[
    tokens.OpenBrace,
    tokens.CloseBrace,
    tokens.OpenParenthesis,
    tokens.CloseParenthesis,
    tokens.CloseBracket,
    tokens.Comma,
    tokens.Dot,
  ].map((type): [TokenType, HighlightKind] => [type, "punctuation"]),
]);

function kindOf({ tokenType }: IToken): HighlightKind {
  const kind = byType.get(tokenType);
  if (kind !== undefined) {
    return kind;
  }
  if (tokens.isFunction(tokenType)) {
    return "function";
  }
  return /^\w/u.test(tokenType.name) ? "keyword" : "operator";
}
