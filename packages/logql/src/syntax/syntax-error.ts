import { ServiceError } from "@sluice/model";
import type { IParserErrorMessageProvider, IToken, TokenType } from "chevrotain";
import * as tokens from "./tokens.ts";

/** A query that Loki would refuse with "parse error : ...": its syntax is fine, its meaning is not. */
export function semanticError(message: string, cause?: unknown): ServiceError {
  return new ServiceError("bad_data", `parse error : ${message}`, { cause });
}

/** Loki lists what it expected only when that is short. */
const expectedMax = 4;

/** The `ERR_MSG` of a rule where more could follow than Loki lists. (Chevrotain ignores an empty one.) */
export const tooManyToList = "(many)";

function listed(expected: readonly TokenType[]): string {
  const names = new Set(expected.flatMap(membersOf).map(({ name }) => name));
  return names.size > expectedMax ? tooManyToList : [...names].join(" or ");
}

function membersOf(type: TokenType): readonly TokenType[] {
  if (type === tokens.Identifier) {
    return [type];
  }
  const members = tokens.allTokens.filter((candidate) => candidate.CATEGORIES?.includes(type));
  return members.length === 0 ? [type] : members;
}

/** Makes chevrotain's error messages the list after Loki's "expecting"; a rule's own `ERR_MSG` has the same form. */
export const expectationProvider: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected }) => listed([expected]),
  buildNotAllInputParsedMessage: () => tooManyToList,
  buildNoViableAltMessage: ({ expectedPathsPerAlt, customUserDescription }) =>
    customUserDescription ?? listed(expectedPathsPerAlt.flatMap((paths) => paths.map((path) => path[0]!))),
  buildEarlyExitMessage: ({ expectedIterationPaths, customUserDescription }) =>
    customUserDescription ?? listed(expectedIterationPaths.map((path) => path[0]!)),
};

/**
 * The error for a token that does not fit, in Loki's words and with its position.
 *
 * @param expecting what would have fitted, joined by " or ", or {@link tooManyToList}.
 */
export function syntaxError(query: string, token: IToken, expecting: string): ServiceError {
  if (query === "") {
    return semanticError("syntax error: unexpected $end");
  }
  const { line, column } = positionOf(query, isEndOfQuery(token) ? query.length : token.startOffset);
  const at = `parse error at line ${losesLine(token) ? 0 : line}, col ${column}`;
  return new ServiceError("bad_data", `${at}: ${syntaxMessage(token, expecting)}`);
}

/** The same without its position. */
export function syntaxMessage(token: IToken, expecting: string): string {
  if (token.tokenType === tokens.Unreadable) {
    return String(token.payload);
  }
  const suffix = expecting === tooManyToList ? "" : `, expecting ${expecting}`;
  return `syntax error: unexpected ${nameOf(token)}${suffix}`;
}

/** The error for something that the lexer complains of. */
export function scanError(query: string, offset: number, message: string): ServiceError {
  const { line, column } = positionOf(query, offset);
  return new ServiceError("bad_data", `parse error at line ${line}, col ${column}: ${message}`);
}

export function isEndOfQuery({ tokenType }: IToken): boolean {
  return tokenType === tokens.endOfQuery;
}

function nameOf({ tokenType }: IToken): string {
  if (tokenType === tokens.endOfQuery) {
    return "$end";
  }
  return tokenType === tokens.Unknown ? tokens.Identifier.name : tokenType.name;
}

/** Go's scanner forgets the line when the lexer reads on by itself, as Loki's does for these. */
function losesLine({ tokenType, image }: IToken): boolean {
  if (tokenType === tokens.Unreadable) {
    return image.startsWith("[");
  }
  const readOn: readonly TokenType[] = [tokens.Duration, tokens.ByteSize, tokens.Range, tokens.Flag];
  return readOn.includes(tokenType) || (image.length === 2 && tokens.symbolTypes.get(image) === tokenType);
}

/** Line and column count from 1, in characters. */
export function positionOf(query: string, offset: number): { line: number; column: number } {
  const before = query.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: Array.from(before.slice(lineStart)).length + 1 };
}
