import { createFinder, needleSet } from "@sluice/kernels";
import {
  compileRe2Bytes,
  needlesOfRe2,
  prefixesOfRe2,
  type EntryBatch,
  type ByteRegex,
  type RegexNeedles,
} from "@sluice/model";
import type { SearchKernels } from "../execution.ts";
import { findsLess, type LineFilterNode } from "../syntax/index.ts";
import { effectiveAlternatives } from "./stages/line-filter.ts";

/** Finds lines by what they hold, many at once: a line filter, or what a filter's lines have in common. */
export interface LineSearch {
  /** The lines among `[from, to)` of a joined batch that hold what is searched, ascending. */
  find(batch: EntryBatch, from: number, to: number): Uint32Array;
  /** Whether these are the lines that pass the filter; otherwise they are some more. */
  readonly isWhole: boolean;
  /** The fewest bytes that a hit has: shorter ones are in more lines. 0 when each line has to be looked at. */
  readonly lengthMin: number;
}

const lineBreak = 0x0a;
const alternativesMax = 16;
/** Shorter ones are in many lines, often. */
const prefixBytesMin = 3;
const encoder = new TextEncoder();

/** The search for a line filter's lines; undefined when they have to be asked one by one. */
export function compileLineSearch(filter: LineFilterNode, kernels: SearchKernels): LineSearch | undefined {
  const alternatives = effectiveAlternatives(filter);
  const isOfTexts = alternatives.every(({ kind, text }) => kind === "text" && text !== "");
  if (!isOfTexts || alternatives.length > alternativesMax) {
    return undefined;
  }
  const texts = alternatives.map(({ text }) => text);
  switch (filter.operator) {
    case "|=":
      return searchFor({ needles: texts, isFolded: false, isWhole: true }, kernels);
    case "|~":
      return searchForRegex(texts, kernels);
    case "!=":
      return inverted(searchFor({ needles: texts, isFolded: false, isWhole: true }, kernels));
    case "!~":
      return inverted(searchForRegex(texts, kernels));
    default:
      return undefined;
  }
}

/** All other lines. */
function inverted(search: LineSearch | undefined): LineSearch | undefined {
  if (search?.isWhole !== true) {
    return undefined;
  }
  return {
    find(batch, from, to) {
      const rows = new Uint32Array(to - from);
      const found = search.find(batch, from, to);
      let count = 0;
      let next = 0;
      for (let row = from; row < to; row++) {
        if (found[next] === row) {
          next += 1;
        } else {
          rows[count++] = row;
        }
      }
      return rows.subarray(0, count);
    },
    isWhole: true,
    lengthMin: 0,
  };
}

/** The expression itself is only asked about lines that hold a text that it must find, if there is one. */
function searchForRegex(texts: readonly string[], kernels: SearchKernels): LineSearch | undefined {
  const [text, ...others] = texts;
  if (others.length > 0 || findsLess(text!)) {
    return undefined;
  }
  const found = needlesOfRe2(text!);
  const needles = found && searchFor(found, kernels);
  if (needles?.isWhole === true) {
    return needles;
  }
  const regex = compileRe2Bytes(text!, { anchored: false });
  const prefixes = prefixesOfRe2(text!);
  const beginnings = prefixes && searchFor(prefixes, kernels);
  if (beginnings !== undefined && beginnings.lengthMin >= prefixBytesMin) {
    return {
      ...beginnings,
      find: (batch, from, to) => matchFrom(beginnings, regex, kernels, batch, from, to),
      isWhole: true,
    };
  }
  return {
    find(batch, from, to) {
      const rows = needles === undefined ? rowsBetween(from, to) : needles.find(batch, from, to);
      return rows.length === 0 ? rows : kernels.matchLines(batch.bytes, batch.lineStarts, batch.lineEnds, rows, regex);
    },
    isWhole: true,
    lengthMin: needles?.lengthMin ?? 0,
  };
}

/** Runs an expression from where in each line it may begin to match first. */
function matchFrom(
  beginnings: NeedleSearch,
  regex: ByteRegex,
  kernels: SearchKernels,
  batch: EntryBatch,
  from: number,
  to: number,
): Uint32Array {
  const places = beginnings.places(batch, from, to);
  const rows = linesOf(batch, places.slice(), from, to);
  if (rows.length === 0) {
    return rows;
  }
  const starts = batch.lineStarts.slice();
  let next = 0;
  for (const row of rows) {
    // The first place in the line: an entry of several lines has more.
    while (places[next]! < starts[row]!) {
      next += 1;
    }
    starts[row] = places[next]!;
  }
  return kernels.matchLines(batch.bytes, starts, batch.lineEnds, rows, regex);
}

export function rowsBetween(from: number, to: number): Uint32Array {
  const rows = new Uint32Array(Math.max(to - from, 0));
  for (let i = 0; i < rows.length; i++) {
    rows[i] = from + i;
  }
  return rows;
}

/** A search for a part of a text that every line that passes holds. */
export function searchForNeedle(needle: Uint8Array, kernels: SearchKernels): LineSearch {
  return {
    find: (batch, from, to) => linesWith(batch, needle, kernels, from, to),
    isWhole: false,
    lengthMin: needle.length,
  };
}

/** A search for any of some texts. */
interface NeedleSearch extends LineSearch {
  /** Where in the batch's bytes they lie first in each piece of text that ends with a line break. */
  places(batch: EntryBatch, from: number, to: number): Uint32Array;
}

function searchFor(
  { needles: texts, isFolded, isWhole }: RegexNeedles,
  kernels: SearchKernels,
): NeedleSearch | undefined {
  const needles = texts.map((text) => encoder.encode(text));
  const [first] = needles;
  const lengthMin = Math.min(...needles.map(({ length }) => length));
  if (needles.length === 1 && !isFolded) {
    return {
      ...searchForNeedle(first!, kernels),
      places: (batch, from, to) => kernels.linesWith(batch.bytes, first!, ...spanOf(batch, from, to)),
      isWhole,
    };
  }
  if (needles.some((needle) => needle.includes(lineBreak))) {
    return undefined;
  }
  const set = needleSet(needles, { isFolded });
  const places: NeedleSearch["places"] = (batch, from, to) =>
    kernels.linesWithAny(batch.bytes, set, ...spanOf(batch, from, to));
  return { find: (batch, from, to) => linesOf(batch, places(batch, from, to), from, to), places, isWhole, lengthMin };
}

function spanOf({ lineStarts, lineEnds }: EntryBatch, from: number, to: number): [start: number, end: number] {
  return from < to ? [lineStarts[from]!, lineEnds[to - 1]!] : [0, 0];
}

/** The lines among `[from, to)` that hold the needle, ascending. */
export function linesWith(
  batch: EntryBatch,
  needle: Uint8Array,
  kernels: SearchKernels,
  from: number,
  to: number,
): Uint32Array {
  if (from >= to) {
    return new Uint32Array(0);
  }
  if (needle.includes(lineBreak)) {
    return linesAround(batch, needle, from, to);
  }
  return linesOf(batch, kernels.linesWith(batch.bytes, needle, ...spanOf(batch, from, to)), from, to);
}

/** Makes lines of places in the text, in their memory. */
function linesOf({ lineStarts, lineEnds }: EntryBatch, found: Uint32Array, from: number, to: number): Uint32Array {
  let count = 0;
  let line = from;
  for (let i = 0; i < found.length; i++) {
    const at = found[i]!;
    if (at > lineEnds[line]!) {
      line = lineAtOffset(lineStarts, at, line + 1, to);
    } else if (i > 0) {
      // An entry of several lines may have several hits.
      continue;
    }
    found[count++] = line;
  }
  return found.subarray(0, count);
}

/** The lines with a needle that holds a line break, which only entries of several lines can hold. */
function linesAround(
  { bytes, lineStarts, lineEnds }: EntryBatch,
  needle: Uint8Array,
  from: number,
  to: number,
): Uint32Array {
  const find = createFinder(needle);
  const found: number[] = [];
  const end = lineEnds[to - 1]!;
  let line = from;
  let at = find(bytes, lineStarts[from]!, end);
  while (at !== -1) {
    line = lineAtOffset(lineStarts, at, line, to);
    // A hit that reaches over the end of its entry is none.
    const isInside = at + needle.length <= lineEnds[line]!;
    if (isInside) {
      found.push(line);
    }
    if (isInside && line + 1 === to) {
      break;
    }
    at = find(bytes, isInside ? lineStarts[line + 1]! : at + 1, end);
  }
  return new Uint32Array(found);
}

/**
 * The line in `[low, high)` that the offset lies in. It is looked for from the beginning on, in steps that grow: with many
 * hits the next one is near.
 */
function lineAtOffset(lineStarts: Uint32Array, offset: number, low: number, high: number): number {
  let before = low;
  let after = low + 1;
  for (let step = 1; after < high && lineStarts[after]! <= offset; step *= 2) {
    before = after;
    after += step;
  }
  after = Math.min(after, high);
  while (after - before > 1) {
    const middle = (before + after) >>> 1;
    if (lineStarts[middle]! <= offset) {
      before = middle;
    } else {
      after = middle;
    }
  }
  return before;
}
