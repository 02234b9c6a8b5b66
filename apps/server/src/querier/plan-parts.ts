import { isSplittable, type TimeSpan } from "@sluice/logql";
import { logsOf, type Expression } from "@sluice/logql/syntax";
import { nsPerMs } from "@sluice/model";
import { longestRangeMs } from "../api/query-limits.ts";

/** A part of a query's time. */
export interface QueryPart extends TimeSpan {
  /** Number of its slot of time, which says where it is answered: the same time in the same place, query after query. */
  readonly slot: number;
}

export interface PartPlanOptions extends TimeSpan {
  readonly stepMs: number;
  readonly intervalMs: number;
  /** How many parts can be answered at a time. */
  readonly atOnce: number;
  /** A part is at least so long. */
  readonly partMsMin: number;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
/** Lengths of slots, so that the same slots come again when a dashboard moves on. */
const slotsMs = [
  ...[1, 2, 5, 10, 20, 30].map((seconds) => seconds * second),
  ...[1, 2, 5, 10, 15, 20, 30].map((minutes) => minutes * minute),
  ...[1, 2, 3, 4, 6, 8, 12].map((hours) => hours * hour),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map((days) => days * day),
];
/** Each part reads the range in brackets before its first step once more: that must be little beside it. */
const rangesPerPart = 4;

/**
 * Cuts a range query's time into parts, in the order of time, at multiples of one length since the epoch; undefined when
 * it is better answered as a whole.
 */
export function planParts(expression: Expression, options: PartPlanOptions): readonly QueryPart[] | undefined {
  const { startNs, endNs, atOnce, partMsMin, intervalMs } = options;
  if (atOnce < 2 || logsOf(expression).length === 0 || !isSplittable(expression, intervalMs)) {
    return undefined;
  }
  const rangeMs = expression.kind === "log" ? 0 : longestRangeMs(expression);
  const wantedMs = Math.max(Number((endNs - startNs) / nsPerMs) / atOnce, partMsMin, rangeMs * rangesPerPart);
  const slotMs = slotsMs.find((ms) => ms >= wantedMs);
  if (slotMs === undefined) {
    return undefined;
  }
  const slotNs = BigInt(slotMs) * nsPerMs;
  const parts = expression.kind === "log" ? cutTime(options, slotNs) : cutSteps(options, slotNs);
  return parts.length < 2 ? undefined : parts;
}

/** `[startNs, endNs)`. */
function cutTime({ startNs, endNs }: TimeSpan, slotNs: bigint): readonly QueryPart[] {
  const parts: QueryPart[] = [];
  for (let from = startNs; from < endNs;) {
    const slot = from / slotNs;
    const border = (slot + 1n) * slotNs;
    const to = border < endNs ? border : endNs;
    parts.push({ startNs: from, endNs: to, slot: Number(slot) });
    from = to;
  }
  return parts;
}

/** The steps from `startNs` to `endNs`, both included: each belongs to the slot that it lies in. */
function cutSteps({ startNs, endNs, stepMs }: PartPlanOptions, slotNs: bigint): readonly QueryPart[] {
  const stepNs = BigInt(Math.round(stepMs * 1e6));
  const parts: QueryPart[] = [];
  for (let from = startNs; from <= endNs;) {
    const slot = from / slotNs;
    const border = (slot + 1n) * slotNs;
    // The last step before the border.
    const steps = (border - 1n - from) / stepNs;
    const last = from + steps * stepNs;
    const to = last < endNs ? last : endNs;
    parts.push({ startNs: from, endNs: to, slot: Number(slot) });
    from = last + stepNs;
  }
  return parts;
}
