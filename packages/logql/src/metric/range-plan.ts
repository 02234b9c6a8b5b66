import type { LogRange, RangeAggregation, RangeOperation, StageNode } from "../syntax/index.ts";
import type { Grouping } from "../syntax/index.ts";
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
export function sinkFor({ operation, range, parameter }: RangeAggregation, steps: Steps): SampleSink {
  switch (operation) {
    case "count_over_time":
    case "bytes_over_time":
    case "absent_over_time":
      return new WindowSums(steps, 1);
    case "rate":
      return range.unwrap === undefined
        ? new WindowSums(steps, secondsOf(range))
        : new TimeOrder(new WindowFolds(rateFold(secondsOf(range)), steps));
    case "bytes_rate":
      return new WindowSums(steps, secondsOf(range));
    // The least, the greatest and those between them are the same in any order.
    case "min_over_time":
      return new WindowFolds(minFold, steps);
    case "max_over_time":
      return new WindowFolds(maxFold, steps);
    case "sum_over_time":
      return new TimeOrder(new WindowFolds(sumFold, steps));
    case "avg_over_time":
      return new TimeOrder(new WindowFolds(averageFold, steps));
    case "stddev_over_time":
      return new TimeOrder(new WindowFolds(deviationFold, steps));
    case "stdvar_over_time":
      return new TimeOrder(new WindowFolds(varianceFold, steps));
    case "first_over_time":
      return new TimeOrder(new WindowFolds(firstFold, steps));
    case "last_over_time":
      return new TimeOrder(new WindowFolds(lastFold, steps));
    case "quantile_over_time":
      return new WindowLists(quantileOf(parameter!), rangeNsOf(range), steps);
    case "rate_counter": {
      const compute = counterRateOf(secondsOf(range), rangeNsOf(range), Number(steps.stepNs));
      return new TimeOrder(new WindowValues(compute, steps));
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
