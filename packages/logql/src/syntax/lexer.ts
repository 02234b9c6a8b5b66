import { isServiceError, messageOf, unquoteGo } from "@sluice/model";
import { createTokenInstance, type IToken, type TokenType } from "chevrotain";
import { parseByteSize } from "../units/byte-size.ts";
import { parseGoDurationNs } from "../units/go-duration.ts";
import { parseRangeMs } from "../units/prometheus-duration.ts";
import * as tokens from "./tokens.ts";

/** A piece of the query: its type, where it ends and what it stands for. */
interface Piece {
  readonly type: TokenType;
  readonly end: number;
  readonly payload?: string | number;
}

/**
 * Splits a query into tokens. It reads by hand, since Loki's lexer is Go's text scanner with look-ahead of its own:
 * a function is one only before `(`, a number takes a unit greedily, an unknown character is a token. What cannot be
 * read becomes a token that no rule accepts and that carries the message, so that an earlier syntax error comes first.
 */
export function tokenize(query: string): IToken[] {
  const found: IToken[] = [];
  let offset = skipBlank(query, 0);
  while (offset < query.length) {
    const piece = scan(query, offset);
    const token = createTokenInstance(
      piece.type,
      query.slice(offset, piece.end),
      offset,
      piece.end - 1,
      Number.NaN,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    );
    token.payload = piece.payload;
    found.push(token);
    if (piece.type === tokens.Unreadable) {
      break;
    }
    offset = skipBlank(query, piece.end);
  }
  return found;
}

const blank = /(?:[ \t\r\n]+|#[^\n]*|\/\/[^\n]*|\/\*[^]*?\*\/)*/uy;

function skipBlank(query: string, offset: number): number {
  return endOf(blank, query, offset)!;
}

/** Where the match of a sticky expression at `offset` ends, or undefined when there is none. */
function endOf(pattern: RegExp, query: string, offset: number): number | undefined {
  pattern.lastIndex = offset;
  return pattern.test(query) ? pattern.lastIndex : undefined;
}

function scan(query: string, offset: number): Piece {
  const char = query[offset]!;
  switch (char) {
    case '"':
    case "`":
      return scanText(query, offset);
    case "[":
      return scanRange(query, offset);
    case "'":
      return scanCharacter(query, offset);
    case "-":
      return scanFlag(query, offset) ?? scanNegativeDuration(query, offset) ?? scanSymbol(query, offset);
    default:
      return scanNumber(query, offset) ?? scanWord(query, offset) ?? scanSymbol(query, offset);
  }
}

function unreadable(query: string, message: string): Piece {
  return { type: tokens.Unreadable, end: query.length, payload: message };
}

const quoted = /"(?:[^"\\\n]|\\[^\n])*"/uy;
const raw = /`[^`]*`/uy;

function scanText(query: string, offset: number): Piece {
  const isRaw = query[offset] === "`";
  const end = endOf(isRaw ? raw : quoted, query, offset);
  if (end === undefined) {
    return unreadable(query, "literal not terminated");
  }
  const body = query.slice(offset + 1, end - 1);
  if (isRaw) {
    return { type: tokens.Text, end, payload: body.replaceAll("\r", "") };
  }
  try {
    return { type: tokens.Text, end, payload: unquoteGo(body) };
  } catch (error) {
    if (isServiceError(error)) {
      return unreadable(query, "invalid char escape");
    }
    throw error;
  }
}

const character = /'(?:[^'\\\n]|\\[^\n])*'/uy;

/** Go's character literal, which LogQL has no use for: one unknown token. */
function scanCharacter(query: string, offset: number): Piece {
  const end = endOf(character, query, offset);
  return end === undefined ? unreadable(query, "literal not terminated") : { type: tokens.Unknown, end };
}

function scanRange(query: string, offset: number): Piece {
  const close = query.indexOf("]", offset);
  if (close === -1) {
    return unreadable(query, "missing closing ']' in duration");
  }
  try {
    return { type: tokens.Range, end: close + 1, payload: parseRangeMs(query.slice(offset + 1, close)) };
  } catch (error) {
    return unreadable(query, messageOf(error));
  }
}

const flag = /--(?:strict|keep-empty)(?![\p{L}-])/uy;

function scanFlag(query: string, offset: number): Piece | undefined {
  const end = endOf(flag, query, offset);
  return end === undefined ? undefined : { type: tokens.Flag, end };
}

const negativeDuration = /-[\p{N}.nu\u00b5mshdwy]+/uy;

function scanNegativeDuration(query: string, offset: number): Piece | undefined {
  const end = endOf(negativeDuration, query, offset);
  const ns = end === undefined ? undefined : durationNs(query.slice(offset, end));
  return ns === undefined ? undefined : { type: tokens.Duration, end: end!, payload: ns };
}

const numeral =
  /(?:0[xX][\da-fA-F_]*\.?[\da-fA-F_]*(?:[pP][+-]?\d*)?|0[bBoO][\d_]*|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?[\d_]*)?)/uy;
const durationTail = /[\p{N}.nu\u00b5mshdwy]*/uy;
const byteSizeTail = /[\p{N}.BikKMGTP]*/uy;

function scanNumber(query: string, offset: number): Piece | undefined {
  const end = endOf(numeral, query, offset);
  if (end === undefined) {
    return undefined;
  }
  const text = query.slice(offset, end);
  const wrong = wrongNumeral(text);
  if (wrong !== undefined) {
    return unreadable(query, wrong);
  }
  const durationEnd = endOf(durationTail, query, end)!;
  const ns = durationEnd > end ? durationNs(query.slice(offset, durationEnd)) : undefined;
  if (ns !== undefined) {
    return { type: tokens.Duration, end: durationEnd, payload: ns };
  }
  const sizeEnd = endOf(byteSizeTail, query, end)!;
  const bytes = sizeEnd > end ? orUndefined(() => parseByteSize(query.slice(offset, sizeEnd))) : undefined;
  return bytes === undefined ? { type: tokens.Numeral, end } : { type: tokens.ByteSize, end: sizeEnd, payload: bytes };
}

/** What Go's scanner says about a number that is none. */
function wrongNumeral(text: string): string | undefined {
  if (/^(?!0[xX]).*[eE][+-]?$/u.test(text)) {
    return "exponent has no digits";
  }
  const base = /^0([xXbBoO])$/u.exec(text)?.[1]?.toLowerCase();
  if (base !== undefined) {
    return `${{ x: "hexadecimal", b: "binary", o: "octal" }[base]} literal has no digits`;
  }
  const digit = /^0[0-7_]*([89])[\d_]*$/u.exec(text)?.[1];
  return digit === undefined ? undefined : `invalid digit '${digit}' in octal literal`;
}

function durationNs(text: string): number | undefined {
  return orUndefined(() => parseRangeMs(text) * 1e6) ?? orUndefined(() => parseGoDurationNs(text));
}

function orUndefined<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (isServiceError(error, "bad_data")) {
      return undefined;
    }
    throw error;
  }
}

const word = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const callTail = /\s*(?:\(|(?:by|without)\s*\()/iuy;

function scanWord(query: string, offset: number): Piece | undefined {
  const end = endOf(word, query, offset);
  if (end === undefined) {
    return undefined;
  }
  const text = query.slice(offset, end).toLowerCase();
  const functionType = functionTypes.get(text);
  if (functionType !== undefined && endOf(callTail, query, end) !== undefined) {
    return { type: functionType, end };
  }
  return { type: keywordTypes.get(text) ?? tokens.Identifier, end };
}

const { functionTypes, keywordTypes, symbolTypes } = tokens;

function scanSymbol(query: string, offset: number): Piece {
  for (const length of [2, 1]) {
    const type = symbolTypes.get(query.slice(offset, offset + length));
    if (type !== undefined) {
      return { type, end: offset + length };
    }
  }
  return { type: tokens.Unknown, end: offset + String.fromCodePoint(query.codePointAt(offset)!).length };
}
