import type { IToken } from "chevrotain";
import * as tokens from "../tokens.ts";
import type { Completion, CompletionItem } from "./completion-item.ts";
import { endOf, scanForEditor } from "./editor-tokens.ts";
import { itemsAt } from "./items.ts";
import { fits } from "./possible-tokens.ts";
import { findSelectors } from "./selectors.ts";
import { itemsOfAction, wordOfAction } from "./template-items.ts";
import { placeInText } from "./texts.ts";
import { ranges } from "./vocabulary.ts";

/** Behind more than this nothing is completed: the grammar runs some fifty times over it. */
const tokensMax = 2000;
const lengthMax = 20_000;

/**
 * What can stand at the cursor. What follows it does not matter, and a mistake before it only as far as its own query
 * or parenthesis reaches. It knows the words of the language; of names and values it says which are wanted. Never throws.
 *
 * @param cursor in UTF-16 units from the beginning of the text.
 */
export function complete(text: string, cursor: number): Completion {
  if (cursor > lengthMax) {
    return { from: cursor, to: cursor, prefix: "", items: [], matchers: [] };
  }
  // What comes after the line of the cursor cannot be part of its token.
  const lineEnd = text.indexOf("\n", cursor);
  const all = scanForEditor(text.slice(0, Math.min(lineEnd === -1 ? text.length : lineEnd, 2 * lengthMax))).tokens;
  const current = all.find((token) => token.startOffset < cursor && endOf(token) >= cursor && isPartial(token, cursor));
  const start = current?.startOffset ?? cursor;
  const before = all.filter((token) => token.startOffset < start);
  const matchers = findSelectors(before).findLast(({ to }) => to <= start)?.matchers ?? [];
  const nothing = { from: cursor, to: cursor, prefix: "", items: [], matchers };
  if (before.length > tokensMax || isInComment(text, before, start)) {
    return nothing;
  }
  const readable = readablePart(before);
  if (readable === undefined) {
    return nothing;
  }
  const part = replacedPart(text, current, cursor);
  const prefix = text.slice(part.from, cursor);
  if (current === undefined || isWord(current)) {
    return { ...part, prefix, items: itemsAt(readable), matchers };
  }
  const items = itemsInside(current, readable);
  const word = items[0]?.kind === "template" ? wordOfAction(prefix) : undefined;
  return word === undefined
    ? { ...part, prefix, items, matchers }
    : { from: cursor - word.length, to: cursor, prefix: word, items: itemsOfAction(word), matchers };
}

/** Whether the cursor is inside the token or at the end of one that may be going on. */
function isPartial(token: IToken, cursor: number): boolean {
  if (isWord(token)) {
    return true;
  }
  const isOpen = token.tokenType === tokens.Unreadable;
  return (isOpen || endOf(token) > cursor) && /^["`[]/u.test(token.image);
}

function isWord({ image }: IToken): boolean {
  return /^(?:[\p{L}_]|--?[a-z])/u.test(image);
}

const wholeComments = /^(?:\s+|#[^\n]*\n|\/\/[^\n]*\n|\/\*[^]*?\*\/)*/u;

function isInComment(text: string, before: readonly IToken[], cursor: number): boolean {
  const last = before.at(-1);
  const gap = text.slice(last === undefined ? 0 : endOf(last), cursor);
  // Between tokens are blanks and comments: what is left without the whole ones is one that goes on.
  return /^(?:#|\/\/|\/\*)/u.test(gap.replace(wholeComments, ""));
}

/** The tokens before the cursor, if they begin a query; else those from the last selector on, if these do. */
function readablePart(before: readonly IToken[]): readonly IToken[] | undefined {
  const calling = withFunctionAtEnd(before);
  if (calling !== undefined && fits(calling)) {
    return calling;
  }
  if (fits(before)) {
    return before;
  }
  const open = before.findLastIndex(({ tokenType }) => tokenType === tokens.OpenBrace);
  const rest = open === -1 ? [] : before.slice(open);
  return rest.length > 0 && fits(rest) ? rest : undefined;
}

/** `sum` and `sum by`: the lexer takes a function for a name as long as no parenthesis follows. */
function withFunctionAtEnd(before: readonly IToken[]): readonly IToken[] | undefined {
  const isGrouped = [tokens.By, tokens.Without].some((type) => before.at(-1)?.tokenType === type);
  const index = before.length - (isGrouped ? 2 : 1);
  const token = before[index];
  const type = token?.tokenType === tokens.Identifier ? tokens.functionTypes.get(token.image.toLowerCase()) : undefined;
  return type === undefined
    ? undefined
    : before.with(index, { ...token!, tokenType: type, tokenTypeIdx: type.tokenTypeIdx! });
}

function replacedPart(text: string, current: IToken | undefined, cursor: number): { from: number; to: number } {
  if (current === undefined) {
    return { from: cursor, to: cursor };
  }
  if (isWord(current)) {
    return { from: current.startOffset, to: endOf(current) };
  }
  const open = current.image[0]!;
  const close = open === "[" ? "]" : open;
  const end = endOf(current);
  const isClosed = end > current.startOffset + 1 && text[end - 1] === close && end > cursor;
  return { from: current.startOffset + 1, to: isClosed ? end - 1 : Math.max(cursor, endOfOpen(current)) };
}

/** A text that is not closed has all the line behind it, which is not to be replaced. */
function endOfOpen({ startOffset, image }: IToken): number {
  const value = /^.[^\s{}()|,"`\]]*/u.exec(image)![0];
  return startOffset + value.length;
}

/** Inside quotes or brackets. */
function itemsInside(current: IToken, before: readonly IToken[]): readonly CompletionItem[] {
  if (current.image.startsWith("[")) {
    return fits([...before, { ...current, tokenType: tokens.Range, tokenTypeIdx: tokens.Range.tokenTypeIdx! }])
      ? ranges.map((range) => ({ kind: "range", text: range }))
      : [];
  }
  const item = placeInText(before);
  return item === undefined ? [] : [item];
}
