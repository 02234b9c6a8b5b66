import { quoteGo, ServiceError } from "@sluice/model";

/**
 * A token of Prometheus' metric notation. `operator`, `aggregator` and `keyword` are words and signs that PromQL gives
 * a meaning to; `sign` is every other character that stands for itself.
 */
export type TokenKind =
  | "identifier"
  | "metric identifier"
  | "string"
  | "number"
  | "operator"
  | "aggregator"
  | "keyword"
  | "sign"
  | "end";

export interface LabelToken {
  readonly kind: TokenKind;
  /** As written. */
  readonly text: string;
  /** Where it begins in the input, in UTF-16 code units. */
  readonly offset: number;
  /** What a string stands for; empty for other kinds. */
  readonly value: string;
}

const operatorWords = wordSet("and or unless atan2");
const aggregatorWords = wordSet(
  "sum avg count min max group stddev stdvar topk bottomk count_values quantile limitk limit_ratio",
);
const keywordWords = wordSet("offset smoothed anchored by without on ignoring group_left group_right bool");
const outsideSigns = /==|!=|<=|>=|[-*/%+^<>@=,()[\]{]/uy;
const operatorSigns = new Set(["==", "!=", "<=", ">=", "-", "*", "/", "%", "+", "^", "<", ">", "@", "=~", "!~"]);
const identifierPattern = /[a-zA-Z_][a-zA-Z0-9_]*/uy;
const wordPattern = /[a-zA-Z_:][a-zA-Z0-9_:]*/uy;
const numberPattern = /(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![a-zA-Z0-9_])/uy;
const blankPattern = /(?:[ \t\n\r]|#[^\r\n]*)+/uy;

/** What stands for itself inside quotes, by quote. */
const plainPatterns: Readonly<Record<string, RegExp>> = { '"': /[^"\\\n\ufffd]+/uy, "'": /[^'\\\n\ufffd]+/uy };

const shortEscapes: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
};

const textDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Splits the label text of a stream as Prometheus' lexer does (promql/parser/lex.go, START_METRIC), with its messages.
 *
 * @throws {ServiceError} `bad_data` from {@link LabelLexer.next}.
 */
export class LabelLexer {
  readonly #text: string;
  #offset = 0;
  #insideBraces = false;

  constructor(text: string) {
    this.#text = text;
  }

  next(): LabelToken {
    this.#match(blankPattern);
    const start = this.#offset;
    const char = this.#charAt(start);
    if (char === "") {
      if (this.#insideBraces) {
        throw this.error(start, "unexpected end of input inside braces");
      }
      return { kind: "end", text: "", offset: start, value: "" };
    }
    if (char === '"' || char === "'") {
      return this.#quotedString(char);
    }
    if (char === "`") {
      return this.#rawString();
    }
    return this.#insideBraces ? this.#insideToken(char) : this.#outsideToken(char);
  }

  /** A parse error with its line and column, both from 1, the column in bytes. */
  error(offset: number, problem: string): ServiceError {
    const before = this.#text.slice(0, offset);
    const lineStart = before.lastIndexOf("\n") + 1;
    const line = before.split("\n").length;
    const column = new TextEncoder().encode(before.slice(lineStart)).length + 1;
    return new ServiceError("bad_data", `${line}:${column}: parse error: ${problem}`);
  }

  #insideToken(char: string): LabelToken {
    const start = this.#offset;
    if (this.#match(identifierPattern) !== "") {
      return this.#token("identifier", start);
    }
    const pair = this.#text.slice(start, start + 2);
    if (pair === "=~" || pair === "!~" || pair === "!=") {
      this.#offset += 2;
      return this.#token("operator", start);
    }
    if (char === "=" || char === "," || char === "}") {
      this.#offset += 1;
      this.#insideBraces = char !== "}";
      return this.#token("sign", start);
    }
    if (char === "!") {
      throw this.error(start, `unexpected character after '!' inside braces: ${quoteRune(this.#charAt(start + 1))}`);
    }
    throw this.error(
      start,
      char === "{" ? "unexpected left brace '{'" : `unexpected character inside braces: ${quoteRune(char)}`,
    );
  }

  #outsideToken(char: string): LabelToken {
    const start = this.#offset;
    const word = this.#match(wordPattern);
    if (word !== "") {
      return this.#token(kindOfWord(word), start);
    }
    if (this.#match(numberPattern) !== "") {
      return this.#token("number", start);
    }
    if (char === "]") {
      throw this.error(start, "unexpected right bracket ']'");
    }
    if (char === ")") {
      // Prometheus reports the place after the parenthesis.
      throw this.error(start + 1, "unexpected right parenthesis ')'");
    }
    if (char === "=" && this.#charAt(start + 1) === "~") {
      throw this.error(start, "unexpected character after '=': '~'");
    }
    const sign = this.#match(outsideSigns);
    if (sign === "") {
      throw this.error(
        start,
        char === "!"
          ? `unexpected character after '!': ${quoteRune(this.#charAt(start + 1))}`
          : `unexpected character: ${quoteRune(char)}`,
      );
    }
    this.#insideBraces = sign === "{";
    return this.#token(operatorSigns.has(sign) ? "operator" : "sign", start);
  }

  #quotedString(quote: string): LabelToken {
    const start = this.#offset;
    const plain = plainPatterns[quote]!;
    let value = "";
    this.#offset += 1;
    for (;;) {
      switch (this.#charAt(this.#offset)) {
        case quote:
          this.#offset += 1;
          return this.#token("string", start, value);
        case "\\": {
          const escape = this.#escape(start, this.#offset, quote);
          value += escape.value;
          this.#offset = escape.end;
          break;
        }
        case "\ufffd":
          throw this.error(start, "invalid UTF-8 rune");
        case "":
        case "\n":
          throw this.error(start, "unterminated quoted string");
        default:
          value += this.#match(plain);
      }
    }
  }

  #rawString(): LabelToken {
    const start = this.#offset;
    const end = this.#text.indexOf("`", start + 1);
    const value = this.#text.slice(start + 1, end === -1 ? undefined : end);
    if (value.includes("\ufffd")) {
      throw this.error(start, "invalid UTF-8 rune");
    }
    if (end === -1) {
      throw this.error(start, "unterminated raw string");
    }
    this.#offset = end + 1;
    return this.#token("string", start, value);
  }

  /** Reads the escape at `offset`; `\x` and octal escapes stand for bytes, so that a run of them is decoded at once. */
  #escape(start: number, offset: number, quote: string): { readonly value: string; readonly end: number } {
    const bytes: number[] = [];
    let end = offset;
    while (this.#charAt(end) === "\\") {
      const kind = this.#charAt(end + 1);
      const isOctal = kind >= "0" && kind <= "7" && kind.length === 1;
      if (!isOctal && kind !== "x") {
        break;
      }
      const digitsStart = isOctal ? end + 1 : end + 2;
      const digitCount = isOctal ? 3 : 2;
      const byte = this.#digits(start, digitsStart, digitCount, isOctal ? 8 : 16);
      if (byte > 255) {
        throw this.error(start, "escape sequence is an invalid Unicode code point");
      }
      bytes.push(byte);
      end = digitsStart + digitCount;
    }
    if (bytes.length > 0) {
      return { value: textDecoder.decode(Uint8Array.from(bytes)), end };
    }
    return this.#characterEscape(start, offset, quote);
  }

  #characterEscape(start: number, offset: number, quote: string): { readonly value: string; readonly end: number } {
    const kind = this.#charAt(offset + 1);
    const plain = kind === quote ? quote : shortEscapes[kind];
    if (plain !== undefined) {
      return { value: plain, end: offset + 2 };
    }
    if (kind === "") {
      throw this.error(start, "escape sequence not terminated");
    }
    if (kind !== "u" && kind !== "U") {
      throw this.error(start, `unknown escape sequence ${describeRune(kind)}`);
    }
    const digitCount = kind === "u" ? 4 : 8;
    const code = this.#digits(start, offset + 2, digitCount, 16);
    if (code > 0x10_ffff || (code >= 0xd800 && code < 0xe000)) {
      throw this.error(start, "escape sequence is an invalid Unicode code point");
    }
    return { value: String.fromCodePoint(code), end: offset + 2 + digitCount };
  }

  #digits(start: number, offset: number, count: number, base: 8 | 16): number {
    let value = 0;
    for (let i = offset; i < offset + count; i++) {
      const char = this.#charAt(i);
      if (char === "") {
        throw this.error(start, "escape sequence not terminated");
      }
      if (!(base === 8 ? /^[0-7]$/u : /^[0-9a-fA-F]$/u).test(char)) {
        throw this.error(start, `illegal character ${describeRune(char)} in escape sequence`);
      }
      value = value * base + Number.parseInt(char, base);
    }
    return value;
  }

  #token(kind: TokenKind, start: number, value = ""): LabelToken {
    return { kind, text: this.#text.slice(start, this.#offset), offset: start, value };
  }

  /** Consumes what the sticky pattern finds here; empty when it finds nothing. */
  #match(pattern: RegExp): string {
    const start = this.#offset;
    pattern.lastIndex = start;
    if (!pattern.test(this.#text)) {
      return "";
    }
    this.#offset = pattern.lastIndex;
    return this.#text.slice(start, this.#offset);
  }

  /** The character at the offset, a whole code point; empty at the end. */
  #charAt(offset: number): string {
    const code = this.#text.codePointAt(offset);
    return code === undefined ? "" : String.fromCodePoint(code);
  }
}

function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}

function kindOfWord(word: string): TokenKind {
  const lower = word.toLowerCase();
  if (lower === "inf" || lower === "nan") {
    return "number";
  }
  if (operatorWords.has(lower)) {
    return "operator";
  }
  if (aggregatorWords.has(lower)) {
    return "aggregator";
  }
  if (keywordWords.has(lower)) {
    return "keyword";
  }
  return word.includes(":") ? "metric identifier" : "identifier";
}

/** A token as Prometheus names it in "unexpected ...". */
export function describeToken({ kind, text }: LabelToken): string {
  switch (kind) {
    case "end":
      return "end of input";
    case "operator":
      return `<op:${text}>`;
    case "aggregator":
      return `<aggr:${text}>`;
    case "keyword":
      return `<${text}>`;
    case "identifier":
    case "metric identifier":
      return `${kind} ${quoteGo(text)}`;
    case "string":
    case "number":
      return `${kind} ${quoteShort(text)}`;
    case "sign":
      return quoteShort(text);
    default:
      return kind satisfies never;
  }
}

function quoteShort(text: string): string {
  const isLong = new TextEncoder().encode(text).length > 10;
  return isLong ? `${quoteGo(Array.from(text).slice(0, 10).join(""))}...` : quoteGo(text);
}

/** Go's `%q` of a character. */
function quoteRune(char: string): string {
  if (char === '"') {
    return `'"'`;
  }
  return char === "'" ? "'\\''" : `'${char === "" ? "\ufffd" : quoteGo(char).slice(1, -1)}'`;
}

/** Go's `%#U` of a character. */
function describeRune(char: string): string {
  const code = char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
  const isPrintable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char);
  return isPrintable ? `U+${code} '${char}'` : `U+${code}`;
}
