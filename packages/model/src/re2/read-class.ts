import { perlClass, posixClass } from "./classes.ts";
import { codePointMax, complementOf, unionOf, type CodePointRange, type CodePointSet } from "./code-points.ts";
import { regexError, type PatternReader } from "./pattern-reader.ts";
import { foldCase, unicodeSet } from "./unicode.ts";

/** Folds a set, if the flag `i` is on, and negates it then: `(?i)[^k]` leaves out the Kelvin sign too. */
function finished(set: CodePointSet, isFolded: boolean, isNegated: boolean): CodePointSet {
  const folded = isFolded ? foldCase(set) : set;
  return isNegated ? complementOf(folded) : folded;
}

/** Reads a class in brackets; the reader is at its `[`. */
export function readClass(reader: PatternReader, isFolded: boolean): CodePointSet {
  const start = reader.at;
  const ranges: CodePointRange[] = [];
  reader.skip("[");
  const isNegated = reader.skip("^");
  for (let isFirst = true; isFirst || reader.peek() !== "]"; isFirst = false) {
    const set = readNamedClass(reader, isFolded) ?? readSetEscape(reader, isFolded);
    ranges.push(...(set ?? readRange(reader, isFolded, start)));
  }
  reader.skip("]");
  return finished(unionOf(ranges), false, isNegated);
}

const namedClass = /^\[:(\^?)(.*?):\]/su;

/** `[:alpha:]` or `[:^alpha:]`; undefined when there is none. */
function readNamedClass(reader: PatternReader, isFolded: boolean): CodePointSet | undefined {
  const [text, negation, name = ""] = namedClass.exec(reader.rest) ?? [];
  if (text === undefined) {
    return undefined;
  }
  const set = posixClass(name);
  if (set === undefined) {
    throw regexError("invalid character class range", text);
  }
  reader.at += text.length;
  return finished(set, isFolded, negation === "^");
}

function readRange(reader: PatternReader, isFolded: boolean, classStart: number): CodePointSet {
  const start = reader.at;
  const first = readClassCodePoint(reader, classStart);
  let last = first;
  const follower = reader.peek(1);
  if (reader.peek() === "-" && follower !== "" && follower !== "]") {
    reader.skip("-");
    last = readClassCodePoint(reader, classStart);
    if (last < first) {
      throw regexError("invalid character class range", reader.since(start));
    }
  }
  return finished([[first, last]], isFolded, false);
}

function readClassCodePoint(reader: PatternReader, classStart: number): number {
  if (reader.isAtEnd) {
    throw regexError("missing closing ]", reader.text.slice(classStart));
  }
  return reader.peek() === "\\" ? readEscape(reader) : reader.nextCodePoint();
}

const unicodeEscape = /^\\([pP])(?:\{([^}]*)\}|([^]))/u;

/** `\d`, `\pL`, `\P{Greek}`; undefined when something else comes next. */
export function readSetEscape(reader: PatternReader, isFolded: boolean): CodePointSet | undefined {
  if (reader.peek() !== "\\") {
    return undefined;
  }
  const [text, letter, braced, short] = unicodeEscape.exec(reader.rest) ?? [];
  if (text !== undefined) {
    return readUnicodeEscape(reader, isFolded, text, letter === "P", braced ?? short!);
  }
  const name = reader.peek(1);
  const set = perlClass(name.toLowerCase());
  if (set === undefined) {
    return undefined;
  }
  reader.at += 2;
  return finished(set, isFolded, name !== name.toLowerCase());
}

function readUnicodeEscape(
  reader: PatternReader,
  isFolded: boolean,
  text: string,
  isNegated: boolean,
  name: string,
): CodePointSet {
  if (name === "{") {
    throw regexError("invalid character class range", reader.rest);
  }
  const isInverted = name.startsWith("^");
  const set = unicodeSet(isInverted ? name.slice(1) : name);
  if (set === undefined) {
    throw regexError("invalid character class range", text);
  }
  reader.at += text.length;
  const key = `${name} ${isFolded} ${isNegated !== isInverted}`;
  const known = unicodeSets.get(key) ?? finished(set, isFolded, isNegated !== isInverted);
  unicodeSets.set(key, known);
  return known;
}

/** The sets are large; there are no more than a thousand. */
const unicodeSets = new Map<string, CodePointSet>();

const controls: Readonly<Record<string, number | undefined>> = {
  a: 0x07,
  f: 0x0c,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  v: 0x0b,
};

/** Reads an escape that stands for one character; the reader is at its backslash. */
export function readEscape(reader: PatternReader): number {
  const start = reader.at;
  reader.skip("\\");
  if (reader.isAtEnd) {
    throw regexError("trailing backslash at end of expression", "");
  }
  const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/u.exec(reader.rest)?.[0];
  if (octal !== undefined) {
    reader.at += octal.length;
    return Number.parseInt(octal, 8);
  }
  const [text, braced, plain] = /^x(?:\{([\da-fA-F]+)\}|([\da-fA-F]{2}))/u.exec(reader.rest) ?? [];
  const hex = Number.parseInt(braced ?? plain ?? "", 16);
  if (text !== undefined && hex <= codePointMax) {
    reader.at += text.length;
    return hex;
  }
  const codePoint = reader.nextCodePoint();
  const char = String.fromCodePoint(codePoint);
  const control = Object.hasOwn(controls, char) ? controls[char] : undefined;
  if (control !== undefined) {
    return control;
  }
  if (codePoint < 0x80 && !/^[a-zA-Z0-9]$/u.test(char)) {
    return codePoint;
  }
  if (char === "x") {
    // Go quotes as far as it has read.
    reader.at += /^(?:\{[\da-fA-F]*[^]?|[^]{0,2})/u.exec(reader.rest)![0].length;
  }
  throw regexError("invalid escape sequence", reader.since(start));
}
