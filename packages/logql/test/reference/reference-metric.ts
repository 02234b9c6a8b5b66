import {
  compareLabels,
  compileMatchers,
  labelsFrom,
  labelValue,
  printLabels,
  type Labels,
  type QueryResult,
  type ResultSeries,
} from "@sluice/model";
import type {
  BinaryOperation,
  Grouping,
  MetricExpression,
  RangeAggregation,
  StageNode,
} from "../../src/syntax/index.ts";
import type { StoredStream } from "../memory-querier.ts";
import { combine } from "./reference-binary.ts";
import { aggregateVector, variance, type ReferenceSample } from "./reference-vector.ts";
import {
  allLabels,
  convert,
  namesIn,
  passesFilter,
  passesStages,
  referenceLine,
  valueOf,
  type ReferenceLine,
  type ReferenceParsing,
} from "./reference-pipeline.ts";

interface TimedSample extends ReferenceSample {
  readonly timeNs: bigint;
}

/** Evaluates a metric query at one instant after the other, each from all entries. */
export function referenceMatrix(
  expression: MetricExpression,
  streams: readonly StoredStream[],
  startNs: bigint,
  endNs: bigint,
  stepNs: bigint,
): QueryResult {
  const series = new Map<string, { labels: Labels; points: { timestampMs: number; value: number }[] }>();
  for (let timeNs = startNs; timeNs <= endNs; timeNs += stepNs) {
    for (const { labels, value } of referenceVector(expression, streams, timeNs, false)) {
      const text = printLabels(labels);
      const found: ResultSeries & { points: { timestampMs: number; value: number }[] } = series.get(text) ?? {
        labels,
        points: [],
      };
      series.set(text, found);
      found.points.push({ timestampMs: Number(timeNs / 1_000_000n), value });
    }
  }
  return { type: "matrix", series: [...series.values()].sort((a, b) => compareLabels(a.labels, b.labels)) };
}

/** The vector at one instant. @throws {Error} where the query fails. */
export function referenceVector(
  expression: MetricExpression,
  streams: readonly StoredStream[],
  timeNs: bigint,
  isInstant: boolean,
): readonly ReferenceSample[] {
  const evaluate = (operand: MetricExpression): readonly ReferenceSample[] =>
    referenceVector(operand, streams, timeNs, isInstant);
  switch (expression.kind) {
    case "literal":
    case "vector":
      return [{ labels: [], value: expression.value }];
    case "rangeAggregation":
      return aggregateRange(expression, undefined, streams, timeNs);
    case "vectorAggregation": {
      const { operand, operation, grouping } = expression;
      if (operation === "approx_topk" && !isInstant) {
        throw new Error("count min sketches are only supported on instant queries");
      }
      const isSum = operation === "sum" && operand.kind === "rangeAggregation";
      const input = isSum ? aggregateRange(operand, grouping, streams, timeNs) : evaluate(operand);
      return aggregateVector(expression, input);
    }
    case "binary":
      return evaluateBinary(expression, evaluate);
    case "labelReplace": {
      const regex = new RegExp(`^(?:${expression.pattern})$`, "u");
      return evaluate(expression.operand).map(({ labels, value }) => {
        const source = labelValue(labels, expression.source);
        if (!regex.test(source)) {
          return { labels, value };
        }
        const text = source.replace(regex, expression.replacement);
        const others = labels.filter(({ name }) => name !== expression.destination);
        const all = labelsFrom([...others, { name: expression.destination, value: text }]);
        return { labels: all.filter((pair) => pair.value !== ""), value };
      });
    }
  }
}

function evaluateBinary(
  operation: BinaryOperation,
  evaluate: (operand: MetricExpression) => readonly ReferenceSample[],
): readonly ReferenceSample[] {
  const { left, right } = operation;
  const numberSide = left.kind === "literal" ? "left" : right.kind === "literal" ? "right" : undefined;
  return combine(operation, evaluate(left), evaluate(right), numberSide);
}

/**
 * The samples of the window (t - range, t], by series, each reduced to one value.
 *
 * @param outer the grouping of a `sum` around it, which takes the place of a missing one where adding up first gives the
 *   same.
 */
function aggregateRange(
  expression: RangeAggregation,
  outer: Grouping | undefined,
  streams: readonly StoredStream[],
  timeNs: bigint,
): readonly ReferenceSample[] {
  const { operation, range, parameter } = expression;
  const toNs = timeNs - BigInt(range.offsetNs);
  const fromNs = toNs - BigInt(range.rangeMs) * 1_000_000n;
  const samples = samplesIn(expression, outer, streams, fromNs, toNs);
  const groups = Map.groupBy(samples, ({ labels }) => printLabels(labels));
  if (operation === "absent_over_time") {
    return groups.size > 0 ? [] : [{ labels: labelsAskedFor(expression), value: 1 }];
  }
  return [...groups.values()].map((group) => ({
    labels: group[0]!.labels,
    value: reduce(operation, group, range.rangeMs / 1000, parameter ?? 0, fromNs, toNs),
  }));
}

function samplesIn(
  expression: RangeAggregation,
  outer: Grouping | undefined,
  streams: readonly StoredStream[],
  fromNs: bigint,
  toNs: bigint,
): readonly TimedSample[] {
  const { range } = expression;
  const samples: TimedSample[] = [];
  const fitsSelector = compileMatchers(range.log.matchers);
  const grouping = groupingOf(expression, outer);
  for (const { labels, entries } of streams.toSorted((a, b) => compareLabels(a.labels, b.labels))) {
    for (const entry of fitsSelector(labels) ? entries : []) {
      if (entry.timestampNs <= fromNs || entry.timestampNs > toNs) {
        continue;
      }
      const line = referenceLine(labels, entry);
      const value = sampleValue(line, expression, parsingOf(expression, grouping));
      if (value !== undefined) {
        const kept = seriesLabels(line, grouping);
        if (labelValue(kept, "__error__") !== "" && labelValue(kept, "__preserve_error__") === "") {
          throw new Error(`pipeline error: '${line.error}'`);
        }
        samples.push({ labels: kept, value, timeNs: entry.timestampNs });
      }
    }
  }
  return samples.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
}

/** Parsers have nothing to do when the series have no labels and nothing else asks for one. */
function parsingOf({ operation, range }: RangeAggregation, grouping: Grouping | undefined): ReferenceParsing {
  const { unwrap, log } = range;
  if (grouping === undefined || grouping.without) {
    return { runs: true, preservesError: false };
  }
  const filters = log.stages.flatMap((stage) => (stage.kind === "labelFilter" ? [stage.filter] : []));
  const needed = [...filters, ...(unwrap?.filters ?? [])].flatMap(namesIn).concat(grouping.labels);
  // The line that a format makes is of interest only to who counts its bytes: random queries read it nowhere else.
  const countsBytes = operation.startsWith("bytes_");
  const formats = log.stages.some((stage) => (countsBytes || stage.kind === "labelFormat") && readsLabels(stage));
  return {
    runs: needed.length > 0 || formats || unwrap !== undefined,
    preservesError: needed.includes("__error__"),
  };
}

function readsLabels(stage: StageNode): boolean {
  switch (stage.kind) {
    case "lineFormat":
      return stage.template.includes("{{");
    case "labelFormat":
      return stage.formats.some((format) => format.kind === "rename" || format.template.includes("{{"));
    default:
      return false;
  }
}

function sampleValue(
  line: ReferenceLine,
  { operation, range }: RangeAggregation,
  parsing: ReferenceParsing,
): number | undefined {
  if (!passesStages(line, range.log.stages, parsing)) {
    return undefined;
  }
  const { unwrap } = range;
  if (unwrap === undefined) {
    return operation.startsWith("bytes_") ? new TextEncoder().encode(line.text).length : 1;
  }
  const text = valueOf(line, unwrap.label) ?? "";
  if (text === "") {
    return undefined;
  }
  const value = convert(text, unwrap.conversion);
  if (value === undefined) {
    line.error = "SampleExtractionErr";
  }
  return unwrap.filters.every((filter) => passesFilter(line, filter)) ? (value ?? 0) : undefined;
}

function groupingOf({ operation, range, grouping }: RangeAggregation, outer: Grouping | undefined) {
  const canAddUpFirst = ["bytes_over_time", "bytes_rate", "count_over_time", "rate", "sum_over_time"];
  const chosen = grouping ?? (canAddUpFirst.includes(operation) ? outer : undefined);
  if (operation === "absent_over_time") {
    return { without: false, labels: [] };
  }
  if (range.unwrap === undefined || chosen?.without === false) {
    return chosen;
  }
  return { without: true, labels: [...(chosen?.labels ?? []), range.unwrap.label] };
}

function seriesLabels(line: ReferenceLine, grouping: Grouping | undefined): Labels {
  const all = allLabels(line);
  if (grouping === undefined || line.error !== "") {
    return all;
  }
  return all.filter(({ name }) => grouping.labels.includes(name) !== grouping.without);
}

function labelsAskedFor({ range }: RangeAggregation): Labels {
  const { matchers } = range.log;
  const once = matchers.filter(({ name }) => matchers.filter((other) => other.name === name).length === 1);
  return labelsFrom(once.filter(({ operator, value }) => operator === "=" && value !== ""));
}

/** @param samples ascending in time, at least one. */
function reduce(
  operation: RangeAggregation["operation"],
  samples: readonly TimedSample[],
  seconds: number,
  parameter: number,
  fromNs: bigint,
  toNs: bigint,
): number {
  const values = samples.map(({ value }) => value);
  const sum = values.reduce((total, value) => total + value, 0);
  switch (operation) {
    case "count_over_time":
      return values.length;
    case "bytes_over_time":
    case "sum_over_time":
      return sum;
    case "rate":
    case "bytes_rate":
      return sum / seconds;
    case "avg_over_time": {
      let mean = 0;
      for (const [i, value] of values.entries()) {
        mean += value / (i + 1) - mean / (i + 1);
      }
      return mean;
    }
    case "min_over_time":
      return Math.min(...values);
    case "max_over_time":
      return Math.max(...values);
    case "stdvar_over_time":
      return variance(values, 0);
    case "stddev_over_time":
      return Math.sqrt(variance(values, 0));
    case "first_over_time":
      return values[0]!;
    case "last_over_time":
      return values.at(-1)!;
    case "quantile_over_time":
      return quantile(values, parameter);
    case "rate_counter":
      return counterRate(samples, seconds, fromNs, toNs);
    case "absent_over_time":
      return 1;
  }
}

function quantile(values: readonly number[], q: number): number {
  if (q < 0 || q > 1) {
    return q < 0 ? -Infinity : Infinity;
  }
  const ordered = values.toSorted((a, b) => a - b);
  const rank = q * (ordered.length - 1);
  const low = Math.floor(rank);
  const high = Math.min(low + 1, ordered.length - 1);
  return ordered[low]! * (1 - (rank - low)) + ordered[high]! * (rank - low);
}

/** Prometheus' extrapolation, for counters. */
function counterRate(samples: readonly TimedSample[], seconds: number, fromNs: bigint, toNs: bigint): number {
  if (samples.length < 2) {
    return 0;
  }
  const first = samples[0]!;
  const last = samples.at(-1)!;
  let growth = last.value - first.value;
  for (const [i, { value }] of samples.entries()) {
    const before = samples[i - 1]?.value ?? 0;
    growth += value < before ? before : 0;
  }
  const sampled = Number(last.timeNs - first.timeNs) / 1e9;
  const average = sampled / (samples.length - 1);
  const limited = (gapNs: bigint): number => (Number(gapNs) / 1e9 >= average * 1.1 ? average / 2 : Number(gapNs) / 1e9);
  let toStart = limited(first.timeNs - fromNs);
  if (growth > 0 && first.value >= 0) {
    toStart = Math.min(toStart, sampled * (first.value / growth));
  }
  return (growth * ((sampled + toStart + limited(toNs - last.timeNs)) / sampled)) / seconds;
}
