import { resolveTimePoint, type ExploreState } from "@sluice/api";
import { nsPerMs } from "@sluice/model";
import { volumeStepMs } from "../volume/volume.ts";
import { absolute, type RangePoints } from "./range-input.ts";

export interface RangeMs {
  readonly startMs: number;
  readonly endMs: number;
}

/** The range that an address means now. */
export function rangeMsOf({ from, to }: Pick<ExploreState, "from" | "to">, nowMs: number): RangeMs {
  return {
    startMs: Number(resolveTimePoint(from, nowMs) / nsPerMs),
    endMs: Number(resolveTimePoint(to, nowMs) / nsPerMs),
  };
}

/**
 * The range to search, in nanoseconds. A relative start goes back to a border of the histogram's bars, so that the
 * first bar counts the lines that are listed.
 */
export function searchRangeOf(
  state: Pick<ExploreState, "from" | "to">,
  nowMs: number,
): { readonly startNs: bigint; readonly endNs: bigint } {
  const startNs = resolveTimePoint(state.from, nowMs);
  const endNs = resolveTimePoint(state.to, nowMs);
  if (state.from.type === "absolute" || endNs <= startNs) {
    return { startNs, endNs };
  }
  const stepNs = BigInt(volumeStepMs(Number((endNs - startNs) / nsPerMs))) * nsPerMs;
  return { startNs: startNs - (startNs % stepNs), endNs };
}

/** The same length, a part of it earlier (negative) or later. */
export function shiftRange({ startMs, endMs }: RangeMs, part: number): RangePoints {
  const shift = (endMs - startMs) * part;
  return { from: absolute(startMs + shift), to: absolute(endMs + shift) };
}

/** Twice the length around the same middle, never into the future. */
export function zoomOut({ startMs, endMs }: RangeMs, nowMs: number): RangePoints {
  const half = (endMs - startMs) / 2;
  const end = Math.max(endMs, Math.min(endMs + half, nowMs));
  return { from: absolute(end - 4 * half), to: absolute(end) };
}

export function toAbsolute({ startMs, endMs }: RangeMs): RangePoints {
  return { from: absolute(startMs), to: absolute(endMs) };
}
