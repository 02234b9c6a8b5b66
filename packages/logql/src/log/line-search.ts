import { createFinder, needleSet, type NeedleSet } from "@sluice/kernels";
import { needlesOfRe2, type EntryBatch } from "@sluice/model";
import type { SearchKernels } from "../execution.ts";
import type { LineFilterNode } from "../syntax/index.ts";
import { findsLess } from "./regex-search.ts";
import { effectiveAlternatives } from "./stages/line-filter.ts";

/** Finds lines by what they hold, many at once: a line filter, or what a filter's lines have in common. */
export interface LineSearch {
  /** The lines among `[from, to)` of a joined batch that hold what is searched, ascending. */
  find(batch: EntryBatch, from: number, to: number): Uint32Array;
  /** Whether these are the lines that pass the filter; otherwise they are some more. */
  readonly isWhole: boolean;
  /** The fewest bytes that a hit has: shorter ones are in more lines. */
  readonly lengthMin: number;
}

const lineBreak = 0x0a;
const alternativesMax = 16;
const encoder = new TextEncoder();

/** The search for a line filter's lines; undefined when there is nothing to search for. */
export function compileLineSearch(filter: LineFilterNode, kernels: SearchKernels): LineSearch | undefined {
  const alternatives = effectiveAlternatives(filter);
  const isOfTexts = alternatives.every(({ kind, text }) => kind === "text" && text !== "");
  if (!isOfTexts || alternatives.length > alternativesMax) {
    return undefined;
  }
  if (filter.operator === "|=") {
    return searchFor(
      alternatives.map(({ text }) => text),
      false,
      true,
      kernels,
    );
  }
  const [only, ...others] = alternatives;
  if (filter.operator !== "|~" || others.length > 0 || findsLess(only!.text)) {
    return undefined;
  }
  const found = needlesOfRe2(only!.text);
  return found && searchFor(found.needles, found.isFolded, found.isWhole, kernels);
}

/** A search for a part of a text that every line that passes holds. */
export function searchForNeedle(needle: Uint8Array, kernels: SearchKernels): LineSearch {
  return {
    find: (batch, from, to) => linesWith(batch, needle, kernels, from, to),
    isWhole: false,
    lengthMin: needle.length,
  };
}

function searchFor(
  texts: readonly string[],
  isFolded: boolean,
  isWhole: boolean,
  kernels: SearchKernels,
): LineSearch | undefined {
  const needles = texts.map((text) => encoder.encode(text));
  const [first] = needles;
  if (needles.length === 1 && !isFolded) {
    return { ...searchForNeedle(first!, kernels), isWhole };
  }
  if (needles.some((needle) => needle.includes(lineBreak))) {
    return undefined;
  }
  const set = needleSet(needles, { isFolded });
  const lengthMin = Math.min(...needles.map(({ length }) => length));
  return { find: (batch, from, to) => linesWithAny(batch, set, kernels, from, to), isWhole, lengthMin };
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
  const { bytes, lineStarts, lineEnds } = batch;
  return linesOf(batch, kernels.linesWith(bytes, needle, lineStarts[from]!, lineEnds[to - 1]!), from, to);
}

function linesWithAny(
  batch: EntryBatch,
  set: NeedleSet,
  kernels: SearchKernels,
  from: number,
  to: number,
): Uint32Array {
  if (from >= to) {
    return new Uint32Array(0);
  }
  const { bytes, lineStarts, lineEnds } = batch;
  return linesOf(batch, kernels.linesWithAny(bytes, set, lineStarts[from]!, lineEnds[to - 1]!), from, to);
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
