/** The first of `[low, high)` that passes a test which all after it pass, too; `high` when there is none. */
export function firstWhere(low: number, high: number, isReached: (index: number) => boolean): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (isReached(middle)) {
      to = middle;
    } else {
      from = middle + 1;
    }
  }
  return from;
}
