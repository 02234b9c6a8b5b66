import type { WindowFunction } from "./window-values.ts";

/**
 * `rate_counter`: by how much a counter grew per second, resets taken into account, extended to the whole window as
 * Prometheus' `extrapolatedRate` does: by the distance to the window's border, or by half the distance between samples
 * where the border is far, and not below zero. 0 for less than two samples.
 *
 * @param seconds the length of a window, as a float of Go's `Duration.Seconds`.
 */
export function counterRateOf(seconds: number, rangeNs: number, stepNs: number): WindowFunction {
  return ({ values, timesNs }, k) => {
    const count = values.length;
    if (count < 2) {
      return 0;
    }
    const firstNs = timesNs[0]!;
    const lastNs = timesNs[count - 1]!;
    const startNs = k * stepNs;
    const sampled = (lastNs - firstNs) / 1e9;
    const distance = sampled / (count - 1);
    const threshold = distance * 1.1;
    const growth = growthOf(values);
    let toStart = (firstNs - startNs) / 1e9;
    let toEnd = (startNs + rangeNs - lastNs) / 1e9;
    if (toStart >= threshold) {
      toStart = distance / 2;
    }
    if (growth > 0 && values[0]! >= 0) {
      const toZero = sampled * (values[0]! / growth);
      toStart = toZero < toStart ? toZero : toStart;
    }
    if (toEnd >= threshold) {
      toEnd = distance / 2;
    }
    return (growth * ((sampled + toStart + toEnd) / sampled)) / seconds;
  };
}

/** What the counter grew by; a value below the one before it is a reset. */
function growthOf(values: Float64Array): number {
  let growth = values[values.length - 1]! - values[0]!;
  let before = 0;
  for (const value of values) {
    if (value < before) {
      growth += before;
    }
    before = value;
  }
  return growth;
}
