import { isServiceError, messageOf } from "@sluice/model";
import { createTokenInstance, type IToken, type TokenType } from "chevrotain";
import { parseByteSize } from "../units/byte-size.ts";
import { parseGoDurationNs } from "../units/go-duration.ts";
import { parseRangeMs } from "../units/prometheus-duration.ts";
import { endOfGoNumber, wrongGoNumber } from "./go-number.ts";
import { readGoString } from "./go-string.ts";
import * as tokens from "./tokens.ts";

/** A piece of the query: its type, where it ends and what it stands for. */
interface Piece {
  readonly type: TokenType;
  readonly end: number;
  readonly payload?: string | number;
  /** What Go's scanner has to say about a token that it goes on from all the same. */
  readonly warning?: string | undefined;
}

/** Something that Go's scanner complains of and reads on: the query is wrong, unless something worse comes first. */
export interface ScanWarning {
  readonly message: string;
  /** Where the token begins. */
  readonly offset: number;
  readonly length: number;
}

export interface Tokens {
  readonly tokens: IToken[];
  readonly warnings: readonly ScanWarning[];
}

/** The tokens of a query, without blanks and comments; of a token that cannot be read no more than the first. */
export function tokenize(query: string): IToken[] {
  return scanQuery(query).tokens;
}

/**
 * Splits a query into tokens. It reads by hand, since Loki's lexer is Go's text scanner with look-ahead of its own:
 * a function is one only before `(`, a number takes a unit greedily, an unknown character is a token. What cannot be
 * read becomes a token that no rule accepts and that carries the message, so that an earlier syntax error comes first.
 *
 * @param start where to begin to read, as if it were the beginning.
 */
export function scanQuery(query: string, start = 0): Tokens {
  const found: IToken[] = [];
  const warnings: ScanWarning[] = [];
  // Go's scanner skips a byte order mark, and only at the very beginning.
  let offset = skipBlank(query, start === 0 && query.startsWith("\ufeff") ? 1 : start);
  let lastEnd = start;
  while (offset < query.length) {
    const piece = scan(query, offset, offset > lastEnd);
    if (piece.warning !== undefined) {
      warnings.push({ message: piece.warning, offset, length: piece.end - offset });
    }
    if (piece.type !== tokens.UnendedComment) {
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
    }
    if (piece.type === tokens.Unreadable) {
      break;
    }
    lastEnd = piece.end;
    offset = skipBlank(query, lastEnd);
  }
  return { tokens: found, warnings };
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

function scan(query: string, offset: number, isAfterBlank: boolean): Piece {
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
    case "/":
      return query[offset + 1] === "*"
        ? { type: tokens.UnendedComment, end: query.length, warning: "comment not terminated" }
        : scanSymbol(query, offset);
    default:
      return scanNumber(query, offset, isAfterBlank) ?? scanWord(query, offset) ?? scanSymbol(query, offset);
  }
}

function unreadable(query: string, message: string): Piece {
  return { type: tokens.Unreadable, end: query.length, payload: message };
}

function scanText(query: string, offset: number): Piece {
  const text = readGoString(query, offset);
  return typeof text === "string" ? unreadable(query, text) : { type: tokens.Text, end: text.end, payload: text.value };
}

const character = /'(?:[^'\\\n]|\\(?:[abfnrtv\\']|[0-7]{3}|x[\da-f]{2}|u[\da-f]{4}|U[\da-f]{8})|(\\))*('?)/iuy;
const oneCharacter = /^'(?:[^\\]|\\(?:.|[0-7]{3}|[xuU][\da-fA-F]+))'$/u;

/** Go's character literal, which LogQL has no use for: one unknown token. */
function scanCharacter(query: string, offset: number): Piece {
  character.lastIndex = offset;
  const [text, wrongEscape, close] = character.exec(query)!;
  const warning =
    wrongEscape !== undefined
      ? "invalid char escape"
      : close === ""
        ? "literal not terminated"
        : oneCharacter.test(text)
          ? undefined
          : "invalid char literal";
  return { type: tokens.Unknown, end: offset + text.length, warning };
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

/**
 * Loki takes units of any length. In `1.1.1.1`, which is neither duration nor size, they are looked for at each number
 * anew, and all the rest each time would take minutes for a long query.
 */
const tailMax = 100;

const durationTail = /[\p{N}.nu\u00b5mshdwy]*/uy;
const byteSizeTail = /[\p{N}.BikKMGTP]*/uy;

function scanNumber(query: string, offset: number, isAfterBlank: boolean): Piece | undefined {
  const end = endOfGoNumber(query, offset, isAfterBlank);
  if (end === undefined) {
    return undefined;
  }
  const isCutShort = isAfterBlank && /^0b/iu.test(query.slice(offset, offset + 2));
  const warning = isCutShort ? "decimal literal has no digits" : wrongGoNumber(query.slice(offset, end));
  const near = query.slice(end, end + tailMax + 1);
  const durationEnd = end + endOf(durationTail, near, 0)!;
  const ns = isTail(durationEnd - end) ? durationNs(query.slice(offset, durationEnd)) : undefined;
  if (ns !== undefined) {
    return { type: tokens.Duration, end: durationEnd, payload: ns, warning };
  }
  const sizeEnd = end + endOf(byteSizeTail, near, 0)!;
  const bytes = isTail(sizeEnd - end) ? orUndefined(() => parseByteSize(query.slice(offset, sizeEnd))) : undefined;
  return bytes === undefined
    ? { type: tokens.Numeral, end, warning }
    : { type: tokens.ByteSize, end: sizeEnd, payload: bytes, warning };
}

function isTail(length: number): boolean {
  return length > 0 && length <= tailMax;
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
  if (functionType !== undefined) {
    const type = endOf(callTail, query, end) === undefined ? tokens.Identifier : functionType;
    return { type, end };
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
