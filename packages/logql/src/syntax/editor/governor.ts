import type { IToken, TokenType } from "chevrotain";
import * as tokens from "../tokens.ts";

/** What a name at some place is for. */
export type NameRole = "streamLabel" | "field" | "newLabel";

/** Whether the place behind these tokens is between the braces of a selector. */
export function isInSelector(before: readonly IToken[]): boolean {
  const open = before.findLastIndex(({ tokenType }) => tokenType === tokens.OpenBrace);
  const close = before.findLastIndex(({ tokenType }) => tokenType === tokens.CloseBrace);
  return open > close;
}

const roles: ReadonlyMap<TokenType, NameRole> = new Map([
  [tokens.Json, "newLabel"],
  [tokens.Logfmt, "newLabel"],
  [tokens.LabelFormat, "newLabel"],
  [tokens.Drop, "field"],
  [tokens.Keep, "field"],
  [tokens.Unwrap, "field"],
  [tokens.Pipe, "field"],
  [tokens.By, "field"],
  [tokens.Without, "field"],
  [tokens.On, "field"],
  [tokens.Ignoring, "field"],
  [tokens.GroupLeft, "field"],
  [tokens.GroupRight, "field"],
] as const);

/** What a name behind these tokens would be for. */
export function nameRole(before: readonly IToken[]): NameRole {
  if (isInSelector(before)) {
    return "streamLabel";
  }
  const governor = before.findLast(({ tokenType }) => roles.has(tokenType))?.tokenType;
  const role = governor === undefined ? "field" : roles.get(governor)!;
  // `label_format a=b`: b is there already.
  return role === "newLabel" && before.at(-1)?.tokenType === tokens.Equal ? "field" : role;
}
