import { quoteGo } from "@sluice/model";
import { byteLength } from "./go-string.ts";
import { truncate } from "./print/characters.ts";

export type TokenKind =
  | "error"
  | "bool"
  | "char"
  | "charConstant"
  | "complex"
  | "assign"
  | "declare"
  | "EOF"
  | "field"
  | "identifier"
  | "leftDelim"
  | "leftParen"
  | "number"
  | "pipe"
  | "rawString"
  | "rightDelim"
  | "rightParen"
  | "space"
  | "string"
  | "text"
  | "variable"
  | Keyword;

export type Keyword =
  | "block"
  | "break"
  | "continue"
  | "define"
  | "dot"
  | "else"
  | "end"
  | "if"
  | "nil"
  | "range"
  | "template"
  | "with";

export interface Token {
  readonly kind: TokenKind;
  /** Where it begins, in UTF-16 units. */
  readonly offset: number;
  /** Its text, or the message of an error. */
  readonly text: string;
  /** The line it begins in, from 1. */
  readonly line: number;
}

/** A token as messages of the parser show it. */
export function printToken(token: Token): string {
  if (token.kind === "EOF" || token.kind === "error") {
    return token.text;
  }
  if (isKeyword(token.kind)) {
    return `<${token.text}>`;
  }
  return byteLength(token.text) > 10 ? `${quoteGo(truncate(token.text, 10))}...` : quoteGo(token.text);
}

/** The words that are no names, and the kinds of their tokens. */
export const keywords: ReadonlyMap<string, Keyword> = new Map(
  (["block", "break", "continue", "define", "else", "end", "if", "nil", "range", "template", "with"] as const).map(
    (word) => [word, word],
  ),
);

function isKeyword(kind: TokenKind): boolean {
  return kind === "dot" || keywords.has(kind);
}
