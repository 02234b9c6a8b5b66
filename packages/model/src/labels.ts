import { ServiceError } from "./error.ts";

/** One label of a stream, or one name and value of an entry's structured metadata. */
export interface LabelPair {
  readonly name: string;
  readonly value: string;
}

/** A set of labels: ascending by name (code units), no name twice. Build it with {@link labelsFrom}. */
export type Labels = readonly LabelPair[];

export const noLabels: Labels = Object.freeze([]);

const namePattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/u;

/** Whether `name` is a label name as Prometheus has it. */
export function isLabelName(name: string): boolean {
  return namePattern.test(name);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Sorts the pairs; of a name that comes twice the last one is kept. */
export function labelsFrom(pairs: Iterable<LabelPair>): Labels {
  const byName = new Map<string, LabelPair>();
  for (const pair of pairs) {
    byName.set(pair.name, pair);
  }
  return [...byName.values()].sort((a, b) => compareText(a.name, b.name));
}

export function labelsFromRecord(record: Readonly<Record<string, string>>): Labels {
  return labelsFrom(Object.entries(record).map(([name, value]) => ({ name, value })));
}

export function labelsToRecord(labels: Labels): Record<string, string> {
  return Object.fromEntries(labels.map(({ name, value }) => [name, value]));
}

/** The value of a label; a missing label is the empty string, as everywhere in LogQL. */
export function labelValue(labels: Labels, name: string): string {
  for (const pair of labels) {
    if (pair.name === name) {
      return pair.value;
    }
  }
  return "";
}

/** Orders label sets as Prometheus does: name and value pair by pair, then the shorter one first. */
export function compareLabels(a: Labels, b: Labels): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    const left = a[i]!;
    const right = b[i]!;
    const order = compareText(left.name, right.name) || compareText(left.value, right.value);
    if (order !== 0) {
      return order;
    }
  }
  return a.length - b.length;
}

/** Quotes text as Go's strconv.Quote does: what Loki prints around label values. */
export function quoteGo(text: string): string {
  let out = '"';
  for (const char of text) {
    out += escapeChar(char);
  }
  return `${out}"`;
}

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

function escapeChar(char: string): string {
  const short = shortEscapes[char];
  if (short !== undefined) {
    return short;
  }
  if (printable.test(char)) {
    return char;
  }
  const code = char.codePointAt(0)!;
  if (code < 0x80) {
    return `\\x${code.toString(16).padStart(2, "0")}`;
  }
  // A lone surrogate has no place in UTF-8; Go would have read U+FFFD.
  if (code >= 0xd800 && code <= 0xdfff) {
    return "\ufffd";
  }
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** The canonical text of a label set: `{app="x", pod="y"}`; what is no label name in Prometheus' old sense is quoted. */
export function printLabels(labels: Labels): string {
  const pairs = labels.map(({ name, value }) => `${isLabelName(name) ? name : quoteGo(name)}=${quoteGo(value)}`);
  return `{${pairs.join(", ")}}`;
}

const goEscapes: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

/**
 * Reads the body of a double-quoted Go string literal (without its quotes).
 *
 * @throws {ServiceError} `bad_data` when an escape is not one of Go's.
 */
export function unquoteGo(body: string): string {
  let out = "";
  for (let i = 0; i < body.length; i++) {
    const char = body[i]!;
    if (char !== "\\") {
      out += char;
      continue;
    }
    i += 1;
    const kind = body[i] ?? "";
    const plain = goEscapes[kind];
    if (plain !== undefined) {
      out += plain;
      continue;
    }
    const digits = kind === "x" ? 2 : kind === "u" ? 4 : kind === "U" ? 8 : 0;
    const octal = /^[0-7]{3}/u.exec(body.slice(i, i + 3))?.[0];
    const hex = body.slice(i + 1, i + 1 + digits);
    if (digits > 0 && hex.length === digits && /^[0-9a-fA-F]+$/u.test(hex) && Number.parseInt(hex, 16) <= 0x10ffff) {
      out += String.fromCodePoint(Number.parseInt(hex, 16));
      i += digits;
    } else if (octal !== undefined && Number.parseInt(octal, 8) < 256) {
      out += String.fromCharCode(Number.parseInt(octal, 8));
      i += 2;
    } else {
      throw new ServiceError("bad_data", `invalid escape sequence \\${kind}`);
    }
  }
  return out;
}
