/** A string literal of Go as its scanner reads it. */
export interface GoString {
  /** Behind the closing quote. */
  readonly end: number;
  readonly value: string;
}

const plain = /"[^"\\\n]*"/uy;
const quoted = /"(?:[^"\\\n]|\\[^\n])*"/uy;
const raw = /`[^`]*`/uy;

/**
 * Reads the literal that begins with a `"` or a backtick at `offset`. Escapes of bytes (`\xe2\x82\xac`) are read as
 * UTF-8; bytes that are none become U+FFFD, since a JavaScript text cannot hold them.
 *
 * @returns the literal, or Go's message.
 */
export function readGoString(text: string, offset: number): GoString | string {
  if (text[offset] === "`") {
    raw.lastIndex = offset;
    return raw.test(text)
      ? { end: raw.lastIndex, value: text.slice(offset + 1, raw.lastIndex - 1) }
      : "literal not terminated";
  }
  plain.lastIndex = offset;
  if (plain.test(text)) {
    return { end: plain.lastIndex, value: text.slice(offset + 1, plain.lastIndex - 1) };
  }
  quoted.lastIndex = offset;
  const end = quoted.test(text) ? quoted.lastIndex : undefined;
  const body = text.slice(offset + 1, end === undefined ? undefined : end - 1);
  if (hasWrongEscape(body)) {
    return "invalid char escape";
  }
  if (end === undefined) {
    return "literal not terminated";
  }
  const value = unescape(body);
  return value === undefined ? "invalid syntax" : { end, value };
}

const escape = /\\(?:([abfnrtv\\"])|([0-7]{3})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/uy;

function hasWrongEscape(body: string): boolean {
  const line = body.split("\n", 1)[0]!;
  for (let at = line.indexOf("\\"); at !== -1; at = line.indexOf("\\", escape.lastIndex)) {
    escape.lastIndex = at;
    // A backslash at the very end of the line is an unterminated literal first.
    if (!escape.test(line)) {
      return at + 1 < line.length || body.length === line.length;
    }
  }
  return false;
}

const shortEscapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 92,
  '"': 34,
};

/** Undefined when an escape names no character. */
function unescape(body: string): string | undefined {
  let out = "";
  let bytes: number[] = [];
  let from = 0;
  const flush = (text: string): void => {
    if (bytes.length > 0) {
      out += new TextDecoder().decode(Uint8Array.from(bytes));
      bytes = [];
    }
    out += text;
  };
  for (let at = body.indexOf("\\"); at !== -1; at = body.indexOf("\\", from)) {
    if (at > from) {
      flush(body.slice(from, at));
    }
    escape.lastIndex = at;
    const [, short, octal, byte, ...wide] = escape.exec(body)!;
    from = escape.lastIndex;
    if (short !== undefined) {
      flush(String.fromCodePoint(shortEscapes[short]!));
      continue;
    }
    const codePoint = wide.find((digits) => digits !== undefined);
    if (codePoint === undefined) {
      const value = octal === undefined ? Number.parseInt(byte!, 16) : Number.parseInt(octal, 8);
      if (value > 255) {
        return undefined;
      }
      bytes.push(value);
      continue;
    }
    const value = Number.parseInt(codePoint, 16);
    if (value > 0x10_ffff) {
      return undefined;
    }
    flush(value >= 0xd800 && value < 0xe000 ? "\ufffd" : String.fromCodePoint(value));
  }
  flush(body.slice(from));
  return out;
}
