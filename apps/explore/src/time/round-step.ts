const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Steps at whose multiples people look for a time. Milliseconds. */
const roundStepsMs = [
  100,
  200,
  500,
  ...[1, 2, 5, 10, 15, 30].map((count) => count * second),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minute),
  ...[1, 2, 3, 6, 12].map((count) => count * hour),
  ...[1, 2, 7, 30, 90, 365].map((count) => count * day),
];

/** The smallest round step of which at most `countMax` fit into a range. */
export function roundStepMs(rangeMs: number, countMax: number): number {
  return roundStepsMs.find((step) => rangeMs / step <= countMax) ?? roundStepsMs.at(-1)!;
}
