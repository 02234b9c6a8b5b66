/** What {@link LogfmtScanner.next} found. */
export type LogfmtResult = "pair" | "broken" | "end";

const space = 0x20;
const quote = 0x22;
const equals = 0x3d;
const backslash = 0x5c;

/** Reads `key=value key="value" key` from a line, pair by pair; after a broken pair it goes on behind the next space. */
export class LogfmtScanner {
  /** The last pair; a key alone has an empty value. */
  key = "";
  value = "";
  readonly #text: string;
  #at = 0;
  #error: { readonly message: string; readonly at: number } | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** The last error, with its place. Made only when asked for: a line may have as many errors as characters. */
  get error(): string | undefined {
    if (this.#error === undefined) {
      return undefined;
    }
    const place = new TextEncoder().encode(this.#text.slice(0, this.#error.at)).length + 1;
    return `logfmt syntax error at pos ${place} : ${this.#error.message}`;
  }

  next(): LogfmtResult {
    this.key = "";
    this.value = "";
    this.#skip((code) => code <= space);
    if (this.#at === this.#text.length) {
      return "end";
    }
    const start = this.#at;
    this.#skip((code) => code > space && code !== equals && code !== quote);
    const stop = this.#code();
    this.key = this.#text.slice(start, this.#at);
    if (stop === quote || (stop === equals && this.key === "")) {
      return this.#unexpected(stop);
    }
    if (this.key.includes("\ufffd")) {
      this.#fail("invalid key");
      return stop === equals ? this.#skipValue() : "broken";
    }
    if (stop !== equals) {
      return "pair";
    }
    this.#at += 1;
    return this.#code() === quote ? this.#quotedValue() : this.#plainValue();
  }

  #plainValue(): LogfmtResult {
    const start = this.#at;
    this.#skip((code) => code > space && code !== equals && code !== quote);
    const stop = this.#code();
    if (stop === equals || stop === quote) {
      return this.#unexpected(stop);
    }
    this.value = this.#text.slice(start, this.#at);
    return "pair";
  }

  #quotedValue(): LogfmtResult {
    const start = this.#at + 1;
    let end = start;
    while (end < this.#text.length && this.#text.charCodeAt(end) !== quote) {
      end += this.#text.charCodeAt(end) === backslash ? 2 : 1;
    }
    this.#at = Math.min(end + 1, this.#text.length);
    if (end >= this.#text.length) {
      return this.#fail("unterminated quoted value");
    }
    const value = unquote(this.#text.slice(start, end));
    if (value === undefined) {
      return this.#fail("invalid quoted value");
    }
    this.value = value;
    return "pair";
  }

  #unexpected(code: number): LogfmtResult {
    this.#fail(`unexpected '${String.fromCharCode(code)}'`);
    return this.#skipValue();
  }

  #skipValue(): LogfmtResult {
    this.#skip((code) => code > space);
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

  #skip(test: (code: number) => boolean): void {
    while (this.#at < this.#text.length && test(this.#text.charCodeAt(this.#at))) {
      this.#at += 1;
    }
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
  if (!body.includes("\\")) {
    return body;
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what makes the value invalid
  let isValid = !/[\u0000-\u001f]/u.test(body);
  const text = body.replace(/\\(?:u([\da-fA-F]{4})|([^]))/gu, (_, hex?: string, letter?: string) => {
    if (hex !== undefined) {
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    const plain = Object.hasOwn(escapes, letter!) ? escapes[letter!] : undefined;
    isValid &&= plain !== undefined;
    return plain ?? "";
  });
  return isValid ? text.toWellFormed() : undefined;
}
