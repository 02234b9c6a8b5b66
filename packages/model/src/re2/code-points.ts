/** A range of code points, both ends included. */
export type CodePointRange = readonly [first: number, last: number];

/** Ranges, ascending, that neither touch nor overlap. Build one with {@link unionOf}. */
export type CodePointSet = readonly CodePointRange[];

export const codePointMax = 0x10_ffff;

export const everyCodePoint: CodePointSet = [[0, codePointMax]];

export function single(codePoint: number): CodePointSet {
  return [[codePoint, codePoint]];
}

/** Sorts and merges any ranges. */
export function unionOf(ranges: Iterable<CodePointRange>): CodePointSet {
  const merged: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) {
      previous[1] = Math.max(previous[1], last);
    } else {
      merged.push([first, last]);
    }
  }
  return merged;
}

export function complementOf(set: CodePointSet): CodePointSet {
  const ranges: CodePointRange[] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) {
      ranges.push([next, first - 1]);
    }
    next = last + 1;
  }
  if (next <= codePointMax) {
    ranges.push([next, codePointMax]);
  }
  return ranges;
}

/** The part of a set inside one range. */
export function clip(set: CodePointSet, first: number, last: number): CodePointSet {
  return set
    .filter((range) => range[0] <= last && range[1] >= first)
    .map(([from, to]) => [Math.max(from, first), Math.min(to, last)]);
}

export function isInSet(set: CodePointSet, codePoint: number): boolean {
  return set.some(([first, last]) => codePoint >= first && codePoint <= last);
}
