import type { Grouping, LogRange, RangeAggregation, RangeOperation, StageNode } from "../syntax/index.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { quantileOf } from "./quantile.ts";
import { counterRateOf } from "./rate-counter.ts";
import type { SampleSink } from "./sample-sink.ts";
import type { Steps } from "./steps.ts";
import { TimeOrder } from "./time-order.ts";
import {
  averageFold,
  deviationFold,
  firstFold,
  lastFold,
  maxFold,
  minFold,
  rateFold,
  sumFold,
  varianceFold,
  WindowFolds,
  type Fold,
} from "./window-folds.ts";
import { WindowLists } from "./window-lists.ts";
import { WindowSums } from "./window-sums.ts";
import { WindowValues } from "./window-values.ts";

/** By these operations a `sum` around them can say which labels matter: adding up first gives the same. */
const additive: ReadonlySet<RangeOperation> = new Set([
  "bytes_over_time",
  "bytes_rate",
  "count_over_time",
  "rate",
  "sum_over_time",
]);

/**
 * Which labels the series of a range aggregation have: those of its own grouping, or else of a `sum` directly around it.
 * The label that values are taken from is left out, unless a grouping names it. undefined: all.
 *
 * @param outer the grouping of a `sum` directly around it.
 */
export function seriesGrouping(
  { operation, grouping, range }: RangeAggregation,
  outer: Grouping | undefined,
): Grouping | undefined {
  if (operation === "absent_over_time") {
    return { without: false, labels: [] };
  }
  const chosen = grouping ?? (additive.has(operation) ? outer : undefined);
  if (range.unwrap === undefined || chosen?.without === false) {
    return chosen;
  }
  return { without: true, labels: [...(chosen?.labels ?? []), range.unwrap.label] };
}

const readsLine: ReadonlySet<StageNode["kind"]> = new Set([
  "json",
  "jsonExpressions",
  "lineFilter",
  "logfmt",
  "logfmtExpressions",
  "pattern",
  "regexp",
  "unpack",
]);

/**
 * The stages without every `line_format` whose line nobody reads, as Loki leaves them out: its errors do not count then.
 */
export function neededStages({ operation, range }: RangeAggregation): readonly StageNode[] {
  const { stages } = range.log;
  if (operation === "bytes_over_time" || operation === "bytes_rate") {
    return stages;
  }
  const lastReader = stages.findLastIndex(({ kind }) => readsLine.has(kind));
  return stages.filter(({ kind }, i) => kind !== "lineFormat" || i < lastReader);
}

/** What samples go into. */
export function sinkFor(
  { operation, range, parameter }: RangeAggregation,
  steps: Steps,
  budget: MemoryBudget,
): SampleSink {
  const folded = (fold: Fold): SampleSink => new WindowFolds(fold, steps, budget);
  switch (operation) {
    case "count_over_time":
    case "absent_over_time":
      return new WindowSums(steps, { divisor: 1, isCount: true }, budget);
    case "bytes_over_time":
      return new WindowSums(steps, { divisor: 1, isCount: false }, budget);
    case "bytes_rate":
      return new WindowSums(steps, { divisor: secondsOf(range), isCount: false }, budget);
    case "rate":
      return range.unwrap === undefined
        ? new WindowSums(steps, { divisor: secondsOf(range), isCount: true }, budget)
        : new TimeOrder(folded(rateFold(secondsOf(range))));
    // The least, the greatest and those between them are the same in any order.
    case "min_over_time":
      return folded(minFold);
    case "max_over_time":
      return folded(maxFold);
    case "quantile_over_time":
      return new WindowLists(quantileOf(parameter!), rangeNsOf(range), steps, budget);
    case "sum_over_time":
      return new TimeOrder(folded(sumFold));
    case "avg_over_time":
      return new TimeOrder(folded(averageFold));
    case "stddev_over_time":
      return new TimeOrder(folded(deviationFold));
    case "stdvar_over_time":
      return new TimeOrder(folded(varianceFold));
    case "first_over_time":
      return new TimeOrder(folded(firstFold));
    case "last_over_time":
      return new TimeOrder(folded(lastFold));
    case "rate_counter": {
      const compute = counterRateOf(secondsOf(range), rangeNsOf(range), Number(steps.stepNs));
      return new TimeOrder(new WindowValues(compute, steps, budget));
    }
  }
}

function rangeNsOf({ rangeMs }: LogRange): number {
  return rangeMs * 1e6;
}

/** As Go's `Duration.Seconds` rounds. */
function secondsOf({ rangeMs }: LogRange): number {
  const seconds = Math.floor(rangeMs / 1000);
  return seconds + ((rangeMs - seconds * 1000) * 1e6) / 1e9;
}
