import { byteLength, bytesOf, isAscii, sliceBytes, textOf } from "../go-string.ts";
import { checkLength } from "../limits.ts";
import { characterCount, offsetOfCharacter } from "../print/characters.ts";
import { CallError } from "../template-error.ts";
import { fixed, type FunctionTable } from "./function.ts";

/** Text: Go's `strings`, in the order of arguments of sprig, and Loki's own. */
export const stringFunctions: FunctionTable = {
  ToLower: fixed(["string"], ([text]) => lower(text)),
  ToUpper: fixed(["string"], ([text]) => upper(text)),
  Replace: fixed(["string", "string", "string", "int"], ([text, from, to, count]) =>
    replace(text, from, to, Number(count.value)),
  ),
  Trim: fixed(["string", "string"], ([text, set]) => trimRight(trimLeft(text, set), set)),
  TrimLeft: fixed(["string", "string"], ([text, set]) => trimLeft(text, set)),
  TrimRight: fixed(["string", "string"], ([text, set]) => trimRight(text, set)),
  TrimPrefix: fixed(["string", "string"], ([text, prefix]) => trimPrefix(text, prefix)),
  TrimSuffix: fixed(["string", "string"], ([text, suffix]) => trimSuffix(text, suffix)),
  TrimSpace: fixed(["string"], ([text]) => trimSpace(text)),
  lower: fixed(["string"], ([text]) => lower(text)),
  upper: fixed(["string"], ([text]) => upper(text)),
  title: fixed(["string"], ([text]) => title(text)),
  trunc: fixed(["int", "string"], ([count, text]) => truncate(Number(count.value), text)),
  substr: fixed(["int", "int", "string"], ([start, end, text]) =>
    substring(Number(start.value), Number(end.value), text),
  ),
  contains: fixed(["string", "string"], ([part, text]) => text.includes(part)),
  hasPrefix: fixed(["string", "string"], ([prefix, text]) => text.startsWith(prefix)),
  hasSuffix: fixed(["string", "string"], ([suffix, text]) => text.endsWith(suffix)),
  indent: fixed(["int", "string"], ([count, text]) => indent(Number(count.value), text)),
  nindent: fixed(["int", "string"], ([count, text]) => `\n${indent(Number(count.value), text)}`),
  replace: fixed(["string", "string", "string"], ([from, to, text]) => replace(text, from, to, -1)),
  repeat: fixed(["int", "string"], ([count, text]) => repeat(Number(count.value), text)),
  trim: fixed(["string"], ([text]) => trimSpace(text)),
  trimAll: fixed(["string", "string"], ([set, text]) => trimRight(trimLeft(text, set), set)),
  trimPrefix: fixed(["string", "string"], ([prefix, text]) => trimPrefix(text, prefix)),
  trimSuffix: fixed(["string", "string"], ([suffix, text]) => trimSuffix(text, suffix)),
  alignLeft: fixed(["int", "string"], ([count, text]) => align(Number(count.value), text, "left")),
  alignRight: fixed(["int", "string"], ([count, text]) => align(Number(count.value), text, "right")),
};

/** Go changes letters one by one: those that would become two stay. */
function lower(text: string): string {
  return isAscii(text) ? text.toLowerCase() : mapCharacters(text, lowerCharacter);
}

function lowerCharacter(character: string): string {
  return character === "\u0130" ? "i" : oneCharacter(character, character.toLowerCase());
}

function upper(text: string): string {
  return isAscii(text) ? text.toUpperCase() : mapCharacters(text, upperCharacter);
}

function upperCharacter(character: string): string {
  return oneCharacter(character, character.toUpperCase());
}

function mapCharacters(text: string, change: (character: string) => string): string {
  let changed = "";
  for (const character of text) {
    changed += change(character);
  }
  return changed;
}

function oneCharacter(before: string, after: string): string {
  return characterCount(after) === 1 ? after : before;
}

const titleDigraphs: Readonly<Record<string, string>> = {
  "\u01c4": "\u01c5",
  "\u01c6": "\u01c5",
  "\u01c7": "\u01c8",
  "\u01c9": "\u01c8",
  "\u01ca": "\u01cb",
  "\u01cc": "\u01cb",
  "\u01f1": "\u01f2",
  "\u01f3": "\u01f2",
};

/** `strings.Title`: the first letter of each word becomes a capital. */
function title(text: string): string {
  let previous = " ";
  return mapCharacters(text, (character) => {
    const starts = isSeparator(previous);
    previous = character;
    return starts ? (titleDigraphs[character] ?? upperCharacter(character)) : character;
  });
}

function isSeparator(character: string): boolean {
  return character < "\u0080" ? !/^\w$/u.test(character) : isSpace(character);
}

function isSpace(character: string): boolean {
  return spacePattern.test(character);
}

/** Go's `unicode.IsSpace`, which has U+0085 but not U+FEFF. */
const spacePattern = /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/u;

function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text[start]!)) {
    start++;
  }
  while (end > start && isSpace(text[end - 1]!)) {
    end--;
  }
  return text.slice(start, end);
}

function trimLeft(text: string, set: string): string {
  const characters = new Set(set);
  let start = 0;
  while (start < text.length) {
    const character = String.fromCodePoint(text.codePointAt(start)!);
    if (!characters.has(character)) {
      break;
    }
    start += character.length;
  }
  return text.slice(start);
}

function trimRight(text: string, set: string): string {
  const characters = new Set(set);
  let end = text.length;
  while (end > 0) {
    const pair = end > 1 ? text.slice(end - 2, end) : "";
    const character = (pair.codePointAt(0) ?? 0) > 0xffff ? pair : text[end - 1]!;
    if (!characters.has(character)) {
      break;
    }
    end -= character.length;
  }
  return text.slice(0, end);
}

function trimPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function trimSuffix(text: string, suffix: string): string {
  return text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text;
}

/** `strings.Replace`: the first so many, or all below zero. */
function replace(text: string, from: string, to: string, count: number): string {
  if (from === to || count === 0) {
    return text;
  }
  if (from === "") {
    return insert(text, to, count);
  }
  const parts = text.split(from);
  const replaced = count < 0 ? parts.length - 1 : Math.min(count, parts.length - 1);
  checkLength(text.length + replaced * (to.length - from.length));
  const head = parts.slice(0, replaced + 1).join(to);
  return replaced === parts.length - 1 ? head : head + from + parts.slice(replaced + 1).join(from);
}

/** Puts a text before each character and at the end: where the empty text is found. */
function insert(text: string, inserted: string, count: number): string {
  const places = characterCount(text) + 1;
  const left = count < 0 ? places : Math.min(count, places);
  checkLength(text.length + left * inserted.length);
  let result = "";
  let place = 0;
  for (const character of text) {
    result += (place < left ? inserted : "") + character;
    place++;
  }
  return result + (place < left ? inserted : "");
}

function repeat(count: number, text: string): string {
  if (count < 0) {
    throw new CallError("strings: negative Repeat count");
  }
  checkLength(text.length * count);
  return text === "" ? "" : text.repeat(count);
}

function indent(count: number, text: string): string {
  const padding = repeat(count, " ");
  return padding + replace(text, "\n", `\n${padding}`, -1);
}

/** By bytes, from the end when negative. */
function truncate(count: number, text: string): string {
  const length = byteLength(text);
  if (count < 0 && length + count > 0) {
    return sliceBytes(text, length + count, length);
  }
  return count >= 0 && length > count ? sliceBytes(text, 0, count) : text;
}

/** By bytes; sprig slices without a look at the length, and Go's message of that is the error. */
function substring(start: number, end: number, text: string): string {
  const bytes = isAscii(text) ? undefined : bytesOf(text);
  const length = bytes?.length ?? text.length;
  const cut = (from: number, to: number): string =>
    bytes === undefined ? text.slice(from, to) : textOf(bytes.subarray(from, to));
  if (start < 0) {
    if (end < 0 || end > length) {
      throw new CallError(
        `runtime error: slice bounds out of range [:${end}]${end < 0 ? "" : ` with length ${length}`}`,
      );
    }
    return cut(0, end);
  }
  if (end < 0 || end > length) {
    if (start > length) {
      throw new CallError(`runtime error: slice bounds out of range [${start}:${length}]`);
    }
    return cut(start, length);
  }
  if (start > end) {
    throw new CallError(`runtime error: slice bounds out of range [${start}:${end}]`);
  }
  return cut(start, end);
}

/** Cuts or fills a text to so many characters. */
function align(count: number, text: string, side: "left" | "right"): string {
  const length = characterCount(text);
  if (count < 0 || count === length) {
    return text;
  }
  if (count > length) {
    checkLength(count);
    const padding = " ".repeat(count - length);
    return side === "left" ? text + padding : padding + text;
  }
  return side === "left"
    ? text.slice(0, offsetOfCharacter(text, count))
    : text.slice(offsetOfCharacter(text, length - count));
}
