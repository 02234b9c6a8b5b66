import { createToken, EOF, Lexer, type TokenType } from "chevrotain";

/**
 * The token types of LogQL. Their names are what Loki prints after "unexpected" and "expecting". The lexer is our own
 * (lexer.ts), so that none has a pattern.
 */
function token(name: string, categories: readonly TokenType[] = []): TokenType {
  return createToken({ name, label: name, pattern: Lexer.NA, categories: [...categories] });
}

export const endOfQuery = EOF;

export const Identifier = token("IDENTIFIER");
export const Text = token("STRING");
export const Numeral = token("NUMBER");
/** Payload: nanoseconds. */
export const Duration = token("DURATION");
/** Payload: bytes. */
export const ByteSize = token("BYTES");
/** `[5m]`; payload: milliseconds. */
export const Range = token("RANGE");
export const Flag = token("FUNCTION_FLAG");
/** A character that begins nothing. To Loki it is an identifier, wherever one may stand. */
export const Unknown = token("UNKNOWN", [Identifier]);
/** What could not be read; payload: the message. Nothing behind it is read. */
export const Unreadable = token("UNREADABLE");
/** Never reaches the grammar. */
export const UnendedComment = token("UNENDED_COMMENT");

export const OpenBrace = token("{");
export const CloseBrace = token("}");
export const OpenParenthesis = token("(");
export const CloseParenthesis = token(")");
export const Comma = token(",");
export const Pipe = token("|");
export const Dot = token(".");
export const CloseBracket = token("]");

/** Categories: a token may be several things, the place decides. */
export const LineFilterOperator = token("LINE_FILTER");
export const MatchOperator = token("MATCH");
/** `=~` and `!~`: only text may follow. */
export const RegexOperator = token("REGEX_OPERATOR");
/** `=` and `!=`: text or a quantity may follow. */
export const EqualityOperator = token("EQUALITY");
/** `==`, `>` and so on: only a quantity may follow. */
export const QuantityOperator = token("QUANTITY_OPERATOR");
export const BinaryOperator = token("BINARY_OPERATOR");

export const Equal = token("=", [MatchOperator, EqualityOperator]);
export const NotEqual = token("!=", [MatchOperator, EqualityOperator, LineFilterOperator, BinaryOperator]);
export const Matches = token("=~", [MatchOperator, RegexOperator]);
export const NotMatches = token("!~", [MatchOperator, RegexOperator, LineFilterOperator]);
export const PipeContains = token("|=", [LineFilterOperator]);
export const PipeMatches = token("|~", [LineFilterOperator]);
export const PipePattern = token("|>", [LineFilterOperator]);
export const NotPattern = token("!>", [LineFilterOperator]);

export const Add = token("+", [BinaryOperator]);
export const Subtract = token("-", [BinaryOperator]);
export const Or = token("or", [BinaryOperator]);
export const And = token("and", [BinaryOperator]);

export const By = token("by");
export const Without = token("without");
export const Bool = token("bool");
export const On = token("on");
export const Ignoring = token("ignoring");
export const GroupLeft = token("group_left");
export const GroupRight = token("group_right");
export const Offset = token("offset");
export const Ip = token("ip");

export const Json = token("json");
export const Logfmt = token("logfmt");
export const Regexp = token("regexp");
export const Pattern = token("pattern");
export const Unpack = token("unpack");
export const LineFormat = token("line_format");
export const LabelFormat = token("label_format");
export const Decolorize = token("decolorize");
export const Drop = token("drop");
export const Keep = token("keep");
export const Unwrap = token("unwrap");

export const RangeFunction = token("RANGE_FUNCTION");
export const VectorFunction = token("VECTOR_FUNCTION");
/** What `unwrap` may call: `bytes`, `duration`, `duration_seconds`. */
export const Conversion = token("CONVERSION");
export const VectorOf = token("VECTOR");
export const LabelReplace = token("label_replace");

function words(names: readonly string[], categories: readonly TokenType[]): TokenType[] {
  return names.map((name) => token(name, categories));
}

const symbols = [
  OpenBrace,
  CloseBrace,
  OpenParenthesis,
  CloseParenthesis,
  Comma,
  Dot,
  CloseBracket,
  Pipe,
  Equal,
  NotEqual,
  Matches,
  NotMatches,
  PipeContains,
  PipeMatches,
  PipePattern,
  NotPattern,
  Add,
  Subtract,
  ...words(["*", "/", "%", "^"], [BinaryOperator]),
  ...words(["==", ">", ">=", "<", "<="], [QuantityOperator, BinaryOperator]),
];

const keywords = [
  Or,
  And,
  ...words(["unless"], [BinaryOperator]),
  By,
  Without,
  Bool,
  On,
  Ignoring,
  GroupLeft,
  GroupRight,
  Offset,
  Json,
  Logfmt,
  Regexp,
  Pattern,
  Unpack,
  LineFormat,
  LabelFormat,
  Decolorize,
  Drop,
  Keep,
  Unwrap,
];

/** Loki prints most functions in capitals. */
const functions = [
  ...words(
    [
      "COUNT_OVER_TIME",
      "RATE",
      "RATE_COUNTER",
      "BYTES_OVER_TIME",
      "BYTES_RATE",
      "AVG_OVER_TIME",
      "SUM_OVER_TIME",
      "MIN_OVER_TIME",
      "MAX_OVER_TIME",
      "STDVAR_OVER_TIME",
      "STDDEV_OVER_TIME",
      "QUANTILE_OVER_TIME",
      "FIRST_OVER_TIME",
      "LAST_OVER_TIME",
      "ABSENT_OVER_TIME",
    ],
    [RangeFunction],
  ),
  ...words(
    ["SUM", "AVG", "MIN", "MAX", "COUNT", "STDDEV", "STDVAR", "TOPK", "BOTTOMK", "APPROX_TOPK", "SORT", "SORT_DESC"],
    [VectorFunction],
  ),
  ...words(["BYTES_CONV", "DURATION_CONV", "DURATION_SECONDS_CONV"], [Conversion]),
  VectorOf,
  LabelReplace,
  Ip,
];

function byName(tokens: readonly TokenType[]): ReadonlyMap<string, TokenType> {
  return new Map(tokens.map((type) => [type.name.toLowerCase().replace("_conv", ""), type]));
}

export const symbolTypes = byName(symbols);
/** Reserved in any place, any case. */
export const keywordTypes = byName(keywords);
/** Functions only where `(`, `by (` or `without (` follows; else identifiers. */
export const functionTypes = byName(functions);

export const allTokens: readonly TokenType[] = [
  Identifier,
  Text,
  Numeral,
  Duration,
  ByteSize,
  Range,
  Flag,
  Unknown,
  Unreadable,
  LineFilterOperator,
  MatchOperator,
  RegexOperator,
  EqualityOperator,
  QuantityOperator,
  BinaryOperator,
  RangeFunction,
  VectorFunction,
  Conversion,
  ...symbols,
  ...keywords,
  ...functions,
];

/** Whether the type is that of a function's name. */
export function isFunction(type: TokenType): boolean {
  return functions.includes(type);
}
