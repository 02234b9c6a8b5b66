/**
 * The indexes [0, count) in the order of their keys, equal keys as they came. A natural merge sort: lines nearly always
 * come as a few interleaved runs that ascend, and no comparison calls a function.
 */
export function ascendingOrder(keys: Float64Array, count: number): Uint32Array {
  let order = Uint32Array.from({ length: count }, (_, i) => i);
  let target = new Uint32Array(count);
  let starts = runStarts(keys, count);
  while (starts.length > 2) {
    const merged: number[] = [0];
    for (let i = 0; i + 1 < starts.length; i += 2) {
      const start = starts[i]!;
      const middle = starts[i + 1]!;
      const end = starts[i + 2] ?? middle;
      mergeRuns(keys, order, target, start, middle, end);
      merged.push(end);
    }
    starts = merged;
    [order, target] = [target, order];
  }
  return order;
}

/** Where each run begins that does not descend, and behind them the end. */
function runStarts(keys: Float64Array, count: number): number[] {
  const starts = [0];
  for (let i = 1; i < count; i++) {
    if (keys[i]! < keys[i - 1]!) {
      starts.push(i);
    }
  }
  starts.push(count);
  return starts;
}

/** Merges the runs [start, middle) and [middle, end) of `order` into `target`. */
function mergeRuns(
  keys: Float64Array,
  order: Uint32Array,
  target: Uint32Array,
  start: number,
  middle: number,
  end: number,
): void {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takesLeft = left < middle && (right >= end || keys[order[left]!]! <= keys[order[right]!]!);
    target[at] = takesLeft ? order[left++]! : order[right++]!;
  }
}
