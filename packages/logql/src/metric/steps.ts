import { nsPerSecond } from "@sluice/model";

/** The instants at which a metric query is evaluated: `startNs + k * stepNs` for `k` in `[0, count)`. */
export interface Steps {
  readonly startNs: bigint;
  readonly stepNs: bigint;
  readonly count: number;
  /** The one step of an instant query, which is not the same as a range query of one step. */
  readonly isInstant: boolean;
}

/** Steps from `startNs` to `endNs`, both included. Nothing is aligned. */
export function stepsBetween(startNs: bigint, endNs: bigint, stepNs: bigint): Steps {
  return { startNs, stepNs, count: Number((endNs - startNs) / stepNs) + 1, isInstant: false };
}

/** The one instant of an instant query. Its step is any: a size that keeps step numbers small. */
export function singleStep(timeNs: bigint): Steps {
  return { startNs: timeNs, stepNs: 3600n * nsPerSecond, count: 1, isInstant: true };
}

/** The last step's instant. */
export function endOfSteps({ startNs, stepNs, count }: Steps): bigint {
  return startNs + stepNs * BigInt(count - 1);
}

/** Finds the steps whose window holds an entry. All times are relative to one batch, so that numbers stay exact. */
export interface WindowFinder {
  /** First step at or after the entry. */
  first(deltaNs: number): number;
  /** Last step whose window still reaches back to the entry; less than `first` when there is none. */
  last(deltaNs: number): number;
}

/**
 * The window of the step at `t` is `(t - rangeNs, t]`, moved into the past by the offset.
 *
 * @param baseNs what the batch's deltas count from.
 */
export function windowFinder(steps: Steps, rangeNs: bigint, offsetNs: bigint, baseNs: bigint): WindowFinder {
  const { stepNs, count } = steps;
  const distanceNs = baseNs - (steps.startNs - offsetNs);
  const baseStep = floorDivide(distanceNs, stepNs);
  const restNs = Number(distanceNs - baseStep * stepNs);
  const firstStep = Number(baseStep);
  const rangeSteps = Number(rangeNs / stepNs);
  const rangeRestNs = Number(rangeNs % stepNs);
  const size = Number(stepNs);
  return {
    first: (deltaNs) => Math.max(firstStep + ceilDivide(restNs + deltaNs, size), 0),
    last: (deltaNs) =>
      Math.min(firstStep + rangeSteps + ceilDivide(restNs + deltaNs + rangeRestNs, size) - 1, count - 1),
  };
}

function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}

/** Rounding may carry a quotient over an integer; the comparison puts that right. */
function ceilDivide(dividend: number, divisor: number): number {
  const quotient = Math.ceil(dividend / divisor);
  if ((quotient - 1) * divisor >= dividend) {
    return quotient - 1;
  }
  return quotient * divisor < dividend ? quotient + 1 : quotient;
}
