import { quoteGo } from "@sluice/model";
import { keywords, type Token, type TokenKind } from "./token.ts";

/** Makes the tokens of a template one by one, as the lexer of Go's `text/template/parse` does. */
export class Lexer {
  readonly #source: string;
  #offset = 0;
  #start = 0;
  #line = 1;
  #startLine = 1;
  #insideAction = false;
  #parenDepth = 0;
  #failed = false;

  constructor(source: string) {
    this.#source = source;
  }

  next(): Token {
    if (this.#failed) {
      return { kind: "EOF", offset: 0, text: "EOF", line: this.#startLine };
    }
    if (this.#insideAction) {
      return this.#action();
    }
    for (;;) {
      const token = this.#text();
      if (token !== undefined) {
        return token;
      }
    }
  }

  #token(kind: TokenKind): Token {
    const token = {
      kind,
      offset: this.#start,
      text: this.#source.slice(this.#start, this.#offset),
      line: this.#startLine,
    };
    for (let i = this.#start; i < this.#offset; i++) {
      if (this.#source.charCodeAt(i) === 10) {
        this.#line++;
      }
    }
    this.#start = this.#offset;
    this.#startLine = this.#line;
    return token;
  }

  #skip(): void {
    this.#token("space");
  }

  #error(text: string): Token {
    this.#failed = true;
    return { kind: "error", offset: this.#start, text, line: this.#startLine };
  }

  /** Text up to the next action, the left delimiter, or nothing after a comment. */
  #text(): Token | undefined {
    const at = this.#source.indexOf("{{", this.#offset);
    if (at < 0) {
      this.#offset = this.#source.length;
      return this.#offset > this.#start
        ? this.#token("text")
        : { kind: "EOF", offset: this.#offset, text: "EOF", line: this.#startLine };
    }
    if (at > this.#offset) {
      this.#offset = this.#trims(at + 2) ? trimmedEnd(this.#source, this.#start, at) : at;
      const token = this.#token("text");
      this.#offset = at;
      this.#skip();
      if (token.text !== "") {
        return token;
      }
    }
    return this.#leftDelim();
  }

  /** Whether a trim marker, `- `, stands at an offset after a left delimiter. */
  #trims(offset: number): boolean {
    return this.#source[offset] === "-" && isSpace(this.#source[offset + 1]);
  }

  #leftDelim(): Token | undefined {
    this.#offset += 2;
    const afterMarker = this.#trims(this.#offset) ? 2 : 0;
    if (this.#source.startsWith("/*", this.#offset + afterMarker)) {
      this.#offset += afterMarker;
      this.#skip();
      return this.#comment();
    }
    const token = this.#token("leftDelim");
    this.#insideAction = true;
    this.#offset += afterMarker;
    this.#skip();
    this.#parenDepth = 0;
    return token;
  }

  #comment(): Token | undefined {
    const end = this.#source.indexOf("*/", this.#offset + 2);
    if (end < 0) {
      return this.#error("unclosed comment");
    }
    this.#offset = end + 2;
    const delimiter = this.#rightDelimLength();
    if (delimiter === 0) {
      return this.#error("comment ends before closing delimiter");
    }
    this.#offset += delimiter;
    if (delimiter === 4) {
      this.#takeSpaces();
    }
    this.#skip();
    return undefined;
  }

  /** The length of the right delimiter here, with its trim marker: 4 or 2; 0 when there is none. */
  #rightDelimLength(): number {
    if (isSpace(this.#source[this.#offset]) && this.#source.startsWith("-}}", this.#offset + 1)) {
      return 4;
    }
    return this.#source.startsWith("}}", this.#offset) ? 2 : 0;
  }

  #takeSpaces(): void {
    while (isSpace(this.#source[this.#offset])) {
      this.#offset++;
    }
  }

  #action(): Token {
    const delimiter = this.#rightDelimLength();
    if (delimiter > 0) {
      return this.#parenDepth === 0 ? this.#rightDelim(delimiter) : this.#error("unclosed left paren");
    }
    const character = this.#peek();
    if (character === "") {
      return this.#error("unclosed action");
    }
    if (isSpace(character)) {
      return this.#space();
    }
    this.#offset += character.length;
    switch (character) {
      case "=":
        return this.#token("assign");
      case ":":
        if (this.#peek() !== "=") {
          return this.#error("expected :=");
        }
        this.#offset++;
        return this.#token("declare");
      case "|":
        return this.#token("pipe");
      case '"':
        return this.#quoted('"', "string", "unterminated quoted string");
      case "'":
        return this.#quoted("'", "charConstant", "unterminated character constant");
      case "`":
        return this.#rawString();
      case "$":
        return this.#fieldOrVariable("variable");
      case "(":
        this.#parenDepth++;
        return this.#token("leftParen");
      case ")":
        this.#parenDepth--;
        return this.#parenDepth < 0 ? this.#error("unexpected right paren") : this.#token("rightParen");
      default:
        break;
    }
    if (character === "." && !/^[0-9]/u.test(this.#source.slice(this.#offset, this.#offset + 1))) {
      return this.#offset < this.#source.length ? this.#fieldOrVariable("field") : this.#number();
    }
    if (/^[.+\-0-9]$/u.test(character)) {
      return this.#number();
    }
    if (isAlphaNumeric(character)) {
      return this.#identifier();
    }
    return /^[!-~]$/u.test(character)
      ? this.#token("char")
      : this.#error(`unrecognized character in action: ${printCharacter(character)}`);
  }

  #rightDelim(length: number): Token {
    if (length === 4) {
      this.#offset += 2;
      this.#skip();
    }
    this.#offset += 2;
    const token = this.#token("rightDelim");
    if (length === 4) {
      this.#takeSpaces();
      this.#skip();
    }
    this.#insideAction = false;
    return token;
  }

  #space(): Token {
    const start = this.#offset;
    this.#takeSpaces();
    // The last space may belong to a delimiter with a trim marker.
    if (this.#source.startsWith("-}}", this.#offset)) {
      this.#offset--;
      if (this.#offset === start) {
        return this.#rightDelim(4);
      }
    }
    return this.#token("space");
  }

  #identifier(): Token {
    this.#takeAlphaNumerics();
    const bad = this.#badTerminator();
    if (bad !== undefined) {
      return bad;
    }
    const word = this.#source.slice(this.#start, this.#offset);
    const kind = keywords.get(word);
    return this.#token(kind ?? (word === "true" || word === "false" ? "bool" : "identifier"));
  }

  #fieldOrVariable(kind: "field" | "variable"): Token {
    if (this.#atTerminator()) {
      return this.#token(kind === "variable" ? "variable" : "dot");
    }
    this.#takeAlphaNumerics();
    return this.#badTerminator() ?? this.#token(kind);
  }

  #takeAlphaNumerics(): void {
    for (let character = this.#peek(); isAlphaNumeric(character); character = this.#peek()) {
      this.#offset += character.length;
    }
  }

  #badTerminator(): Token | undefined {
    return this.#atTerminator() ? undefined : this.#error(`bad character ${printCharacter(this.#peek())}`);
  }

  #atTerminator(): boolean {
    const character = this.#peek();
    return (
      character === "" ||
      isSpace(character) ||
      ".,|:)(".includes(character) ||
      this.#source.startsWith("}}", this.#offset)
    );
  }

  /** A string or character constant; the first quote is taken. Its escapes are the parser's business. */
  #quoted(quote: string, kind: TokenKind, unterminated: string): Token {
    for (;;) {
      let character = this.#take();
      if (character === "\\") {
        character = this.#take();
        if (character !== "" && character !== "\n") {
          continue;
        }
      }
      if (character === "" || character === "\n") {
        return this.#error(unterminated);
      }
      if (character === quote) {
        return this.#token(kind);
      }
    }
  }

  #rawString(): Token {
    const end = this.#source.indexOf("`", this.#offset);
    if (end < 0) {
      return this.#error("unterminated raw quoted string");
    }
    this.#offset = end + 1;
    return this.#token("rawString");
  }

  #number(): Token {
    this.#offset = this.#start;
    const complete = this.#scanNumber();
    if (!complete) {
      return this.#error(`bad number syntax: ${quoteGo(this.#source.slice(this.#start, this.#offset))}`);
    }
    const sign = this.#peek();
    if (sign !== "+" && sign !== "-") {
      return this.#token("number");
    }
    return this.#scanNumber() && this.#source[this.#offset - 1] === "i"
      ? this.#token("complex")
      : this.#error(`bad number syntax: ${quoteGo(this.#source.slice(this.#start, this.#offset))}`);
  }

  /** Takes what can be a number, and the character after it when that is wrong. */
  #scanNumber(): boolean {
    numberPattern.lastIndex = this.#offset;
    this.#offset += numberPattern.exec(this.#source)![0].length;
    const next = this.#peek();
    if (isAlphaNumeric(next)) {
      this.#offset += next.length;
      return false;
    }
    return true;
  }

  #peek(): string {
    const code = this.#source.codePointAt(this.#offset);
    return code === undefined ? "" : String.fromCodePoint(code);
  }

  #take(): string {
    const character = this.#peek();
    this.#offset += character.length;
    return character;
  }
}

const numberPattern =
  /[+-]?(?:0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?)i?/uy;

function trimmedEnd(source: string, start: number, end: number): number {
  let trimmed = end;
  while (trimmed > start && isSpace(source[trimmed - 1])) {
    trimmed--;
  }
  return trimmed;
}

function isSpace(character: string | undefined): boolean {
  return character === " " || character === "\t" || character === "\r" || character === "\n";
}

function isAlphaNumeric(character: string): boolean {
  return /^[\p{L}\p{Nd}_]$/u.test(character);
}

/** A character as Go's `%#U` prints it. */
function printCharacter(character: string): string {
  const code = character.codePointAt(0)!;
  const hex = code.toString(16).toUpperCase().padStart(4, "0");
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character) ? `U+${hex} '${character}'` : `U+${hex}`;
}
