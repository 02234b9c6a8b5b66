import type { ValuesFunction } from "./window-lists.ts";

/**
 * `quantile_over_time`: the value below which a share `q` of the samples lies, between two samples in proportion. Below
 * 0 it is -Inf and above 1 +Inf. What is no number counts as less than every number.
 */
export function quantileOf(q: number): ValuesFunction {
  return (values) => {
    if (q < 0 || q > 1) {
      return q < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    }
    const count = values.length;
    const rank = q * (count - 1);
    const low = Math.max(0, Math.floor(rank));
    const high = Math.min(count - 1, low + 1);
    const weight = rank - Math.floor(rank);
    const nans = moveNansFirst(values);
    const lower = low < nans ? Number.NaN : select(values, low, nans);
    const upper = high < nans ? Number.NaN : high === low ? lower : least(values, Math.max(high, nans));
    return lower * (1 - weight) + upper * weight;
  };
}

/** How many there are. */
function moveNansFirst(values: Float64Array): number {
  let nans = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]!)) {
      values[i] = values[nans]!;
      values[nans] = Number.NaN;
      nans += 1;
    }
  }
  return nans;
}

/**
 * The value that sorting `values[from..]` would put at `index`. Afterwards smaller ones stand before it and greater ones
 * behind it. Quickselect, which gives way to sorting where it makes no headway, so that no data makes it slow.
 */
function select(values: Float64Array, index: number, from: number): number {
  let low = from;
  let high = values.length - 1;
  for (let rounds = 4 * Math.ceil(Math.log2(values.length + 1)); low < high; rounds--) {
    if (rounds === 0) {
      values.subarray(low, high + 1).sort();
      break;
    }
    const pivot = medianOfThree(values[low]!, values[(low + high) >>> 1]!, values[high]!);
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) {
        i += 1;
      }
      while (values[j]! > pivot) {
        j -= 1;
      }
      if (i <= j) {
        const swapped = values[i]!;
        values[i] = values[j]!;
        values[j] = swapped;
        i += 1;
        j -= 1;
      }
    }
    if (index <= j) {
      high = j;
    } else if (index >= i) {
      low = i;
    } else {
      break;
    }
  }
  return values[index]!;
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

/** The least of `values[from..]`. */
function least(values: Float64Array, from: number): number {
  let min = values[from]!;
  for (let i = from + 1; i < values.length; i++) {
    min = Math.min(min, values[i]!);
  }
  return min;
}
