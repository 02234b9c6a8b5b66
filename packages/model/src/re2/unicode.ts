import { everyCodePoint, isInSet, unionOf, type CodePointRange, type CodePointSet } from "./code-points.ts";

const chunkSize = 0x1_0000;

/** The ranges of all code points that a `u` expression for one character matches. */
function rangesOf(source: string): CodePointSet {
  const runs = new RegExp(`(?:${source})+`, "gu");
  const ranges: CodePointRange[] = [];
  for (let start = 0; start < 0x11_0000; start += chunkSize) {
    let chunk = "";
    for (let codePoint = start; codePoint < start + chunkSize; codePoint++) {
      // A lone surrogate would join with its neighbour; none of them is in any class that matters.
      chunk += codePoint >= 0xd800 && codePoint <= 0xdfff ? "\n" : String.fromCodePoint(codePoint);
    }
    const unit = start === 0 ? 1 : 2;
    for (const { 0: run, index } of chunk.matchAll(runs)) {
      ranges.push([start + index / unit, start + (index + run.length) / unit - 1]);
    }
  }
  return unionOf(ranges);
}

const properties = new Map<string, CodePointSet | undefined>();

/**
 * The set of a Unicode category (`L`, `Lu`) or script (`Greek`), or undefined when there is none of that name. Sets are
 * remembered: there are no more than a few hundred.
 */
export function unicodeSet(name: string): CodePointSet | undefined {
  if (name === "Any") {
    return everyCodePoint;
  }
  if (!properties.has(name)) {
    const set = propertySet(name);
    if (set === undefined) {
      return undefined;
    }
    properties.set(name, set);
  }
  return properties.get(name);
}

function propertySet(name: string): CodePointSet | undefined {
  if (!/^[A-Za-z_]+$/u.test(name)) {
    return undefined;
  }
  for (const property of ["General_Category", "Script"]) {
    try {
      return rangesOf(`\\p{${property}=${name}}`);
    } catch (error) {
      if (!(error instanceof SyntaxError)) {
        throw error;
      }
    }
  }
  return undefined;
}

let orbits: ReadonlyMap<number, readonly number[]> | undefined;

/** All code points that are the same letter but for case, for every letter that has such (Unicode's simple folding). */
function caseOrbits(): ReadonlyMap<number, readonly number[]> {
  orbits ??= buildOrbits();
  return orbits;
}

function buildOrbits(): ReadonlyMap<number, readonly number[]> {
  const byLetter = new Map<number, Set<number>>();
  for (const [first, last] of rangesOf("[\\p{Changes_When_Lowercased}\\p{Changes_When_Uppercased}]")) {
    for (let codePoint = first; codePoint <= last; codePoint++) {
      const letter = String.fromCodePoint(codePoint);
      for (const other of [letter.toLowerCase(), letter.toUpperCase()]) {
        join(byLetter, codePoint, other);
      }
    }
  }
  return new Map(Array.from(byLetter, ([codePoint, orbit]) => [codePoint, [...orbit]]));
}

/** Turkish i: the upper case of one is the ASCII letter, but they do not fold. */
const unfolded = new Set([0x130, 0x131]);

function join(orbitOf: Map<number, Set<number>>, codePoint: number, other: string): void {
  const otherPoint = other.codePointAt(0)!;
  if (unfolded.has(codePoint) || String.fromCodePoint(otherPoint) !== other) {
    return;
  }
  const joined = new Set([...(orbitOf.get(codePoint) ?? [codePoint]), ...(orbitOf.get(otherPoint) ?? [otherPoint])]);
  for (const member of joined) {
    orbitOf.set(member, joined);
  }
}

/** Adds to a set the other cases of its letters. */
export function foldCase(set: CodePointSet): CodePointSet {
  if (set.every(([, last]) => last < 0x80)) {
    return unionOf([...set, ...set.flatMap(asciiFolds)]);
  }
  const table = caseOrbits();
  const [range] = set;
  const letters =
    set.length === 1 && range![0] === range![1] ? [range![0]] : [...table.keys()].filter((each) => isInSet(set, each));
  const others = letters.flatMap((letter) => table.get(letter) ?? []);
  return unionOf([...set, ...others.map((other): CodePointRange => [other, other])]);
}

/** The same for ASCII, which needs no table: two letters have a relative outside, the long s and the Kelvin sign. */
function asciiFolds([first, last]: CodePointRange): CodePointRange[] {
  const folds: CodePointRange[] = [];
  for (let codePoint = first; codePoint <= last; codePoint++) {
    const lower = codePoint | 0x20;
    if (lower >= 0x61 && lower <= 0x7a) {
      const other = codePoint ^ 0x20;
      folds.push([other, other]);
      if (lower === 0x6b) {
        folds.push([0x212a, 0x212a]);
      } else if (lower === 0x73) {
        folds.push([0x17f, 0x17f]);
      }
    }
  }
  return folds;
}
