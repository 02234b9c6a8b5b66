import { byteLengthOf } from "./decode-line.ts";
import { hexAt } from "./json-escape.ts";
import type { Line } from "./line.ts";
import { SeenKeys } from "./seen-keys.ts";

/** What {@link LogfmtReader.next} found. */
export type LogfmtResult = "pair" | "broken" | "end";

const space = 0x20;
const quote = 0x22;
const equals = 0x3d;
const backslash = 0x5c;

/**
 * Reads `key=value key="value" key` from a text, pair by pair; after a broken pair it goes on behind the next space.
 *
 * @see Loki's decoder (grafana/loki pkg/logql/log/logfmt/decode.go).
 */
export class LogfmtReader {
  /** The last pair's key. */
  key = "";
  readonly #seen = new SeenKeys();
  #text = "";
  #at = 0;
  #valueStart = 0;
  #valueEnd = 0;
  /** The value, where it is not the source itself. */
  #unquoted: string | undefined;
  #error: { readonly message: string; readonly at: number } | undefined;

  reset(text: string): void {
    this.#text = text;
    this.#at = 0;
    this.#error = undefined;
    this.#seen.rewind();
  }

  /** The last pair's value; a key alone has an empty one. */
  get value(): string {
    return this.#unquoted ?? this.#text.slice(this.#valueStart, this.#valueEnd);
  }

  get isEmpty(): boolean {
    return this.#unquoted === undefined ? this.#valueStart === this.#valueEnd : this.#unquoted === "";
  }

  /**
   * The last error, with its place. Made only when asked for: a line may have as many errors as characters.
   *
   * @param line where the text is from.
   */
  errorIn(line: Line): string | undefined {
    if (this.#error === undefined) {
      return undefined;
    }
    const { message, at } = this.#error;
    return `logfmt syntax error at pos ${byteLengthOf(line.bytes, line.start, line.end, at) + 1} : ${message}`;
  }

  next(): LogfmtResult {
    const text = this.#text;
    this.#valueStart = 0;
    this.#valueEnd = 0;
    this.#unquoted = undefined;
    let at = this.#at;
    while (at < text.length && text.charCodeAt(at) <= space) {
      at += 1;
    }
    this.#at = at;
    if (at === text.length) {
      return "end";
    }
    if (this.#isExpected(at)) {
      return this.#readValue();
    }
    const start = at;
    this.#skipWord();
    const stop = this.#code();
    this.key = text.slice(start, this.#at);
    if (stop === quote || (stop === equals && this.key === "")) {
      return this.#unexpected(stop);
    }
    if (this.key.includes("\ufffd")) {
      this.#fail("invalid key");
      return stop === equals ? this.#skipValue() : "broken";
    }
    this.#seen.learn(this.key);
    return stop === equals ? this.#readValue() : "pair";
  }

  /** Whether there is the same key with a value as in the line before; then it is taken. */
  #isExpected(at: number): boolean {
    const expected = this.#seen.at(this.#text, at);
    if (expected === undefined || this.#text.charCodeAt(at + expected.length) !== equals) {
      return false;
    }
    this.#seen.skip();
    this.key = expected;
    this.#at = at + expected.length;
    return true;
  }

  #readValue(): LogfmtResult {
    this.#at += 1;
    return this.#code() === quote ? this.#readQuoted() : this.#readPlain();
  }

  #readPlain(): LogfmtResult {
    const start = this.#at;
    this.#skipWord();
    const stop = this.#code();
    if (stop === equals || stop === quote) {
      return this.#unexpected(stop);
    }
    this.#valueStart = start;
    this.#valueEnd = this.#at;
    return "pair";
  }

  #readQuoted(): LogfmtResult {
    const text = this.#text;
    const start = this.#at + 1;
    let isEscaped = false;
    let end = start;
    while (end < text.length && text.charCodeAt(end) !== quote) {
      const escapes = text.charCodeAt(end) === backslash;
      isEscaped ||= escapes;
      end += escapes ? 2 : 1;
    }
    this.#at = Math.min(end + 1, text.length);
    if (end >= text.length) {
      return this.#fail("unterminated quoted value");
    }
    this.#valueStart = start;
    this.#valueEnd = end;
    if (isEscaped) {
      this.#unquoted = unquote(text.slice(start, end));
      if (this.#unquoted === undefined) {
        return this.#fail("invalid quoted value");
      }
    }
    return "pair";
  }

  #unexpected(code: number): LogfmtResult {
    this.#fail(`unexpected '${String.fromCharCode(code)}'`);
    return this.#skipValue();
  }

  #skipValue(): LogfmtResult {
    const text = this.#text;
    let at = this.#at;
    while (at < text.length && text.charCodeAt(at) > space) {
      at += 1;
    }
    this.#at = at;
    return "broken";
  }

  #fail(message: string): LogfmtResult {
    this.#error = { message, at: this.#at };
    return "broken";
  }

  /** The next character's code; 0, which counts as space, at the end. */
  #code(): number {
    return this.#at < this.#text.length ? this.#text.charCodeAt(this.#at) : 0;
  }

  #skipWord(): void {
    const text = this.#text;
    let at = this.#at;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code <= space || code === equals || code === quote) {
        break;
      }
    }
    this.#at = at;
  }
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** Resolves the escapes of a quoted value, which are JSON's and `\'`; undefined when one is invalid. */
function unquote(body: string): string | undefined {
  let out = "";
  let copied = 0;
  for (let at = body.indexOf("\\"); at !== -1; at = body.indexOf("\\", copied)) {
    const letter = body[at + 1] ?? "";
    const code = letter === "u" ? hexAt(body, at + 2) : -1;
    const plain = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
    if (code === -1 && plain === undefined) {
      return undefined;
    }
    out += body.slice(copied, at) + (plain ?? String.fromCharCode(code));
    copied = at + (plain === undefined ? 6 : 2);
  }
  return (out + body.slice(copied)).toWellFormed();
}
