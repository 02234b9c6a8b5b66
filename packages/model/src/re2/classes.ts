import { unionOf, type CodePointRange, type CodePointSet } from "./code-points.ts";

function range(first: string, last: string = first): CodePointRange {
  return [first.codePointAt(0)!, last.codePointAt(0)!];
}

const digits = [range("0", "9")];
const lower = [range("a", "z")];
const upper = [range("A", "Z")];
const letters = [...upper, ...lower];
const word = unionOf([...digits, ...letters, range("_")]);

/** `\d \s \w`, which are ASCII only in RE2; `\s` has no vertical tab. */
const perlClasses: Readonly<Record<string, CodePointSet>> = {
  d: digits,
  s: unionOf([range("\t", "\n"), range("\f", "\r"), range(" ")]),
  w: word,
};

/** The set of `\d`, `\s` or `\w` by its letter. */
export function perlClass(letter: string): CodePointSet | undefined {
  return Object.hasOwn(perlClasses, letter) ? perlClasses[letter] : undefined;
}

const posixClasses: Readonly<Record<string, CodePointSet>> = {
  alnum: unionOf([...digits, ...letters]),
  alpha: letters,
  ascii: [[0, 0x7f]],
  blank: unionOf([range("\t"), range(" ")]),
  cntrl: unionOf([
    [0, 0x1f],
    [0x7f, 0x7f],
  ]),
  digit: digits,
  graph: [range("!", "~")],
  lower,
  print: [range(" ", "~")],
  punct: unionOf([range("!", "/"), range(":", "@"), range("[", "`"), range("{", "~")]),
  space: unionOf([range("\t", "\r"), range(" ")]),
  upper,
  word,
  xdigit: unionOf([...digits, range("A", "F"), range("a", "f")]),
};

/** The set of `[:name:]` inside a class. */
export function posixClass(name: string): CodePointSet | undefined {
  return Object.hasOwn(posixClasses, name) ? posixClasses[name] : undefined;
}
