import type { TimeBounds } from "../api/params.ts";

/** Points of a metric query lie on multiples of the step, as Loki's query frontend has it; dashboards rely on it. */
export function alignToStep({ startNs, endNs }: TimeBounds, stepMs: number): TimeBounds {
  const stepNs = BigInt(Math.round(stepMs * 1e6));
  const floor = (ns: bigint): bigint => ns - (((ns % stepNs) + stepNs) % stepNs);
  const flooredEnd = floor(endNs);
  return { startNs: floor(startNs), endNs: flooredEnd === endNs ? endNs : flooredEnd + stepNs };
}
