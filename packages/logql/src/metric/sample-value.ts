import { isServiceError, messageOf } from "@sluice/model";
import { compileLabelFilter } from "../log/stages/label-filter.ts";
import type { Line } from "../log/line.ts";
import type { RangeAggregation, Unwrap } from "../syntax/index.ts";
import { parseByteSize } from "../units/byte-size.ts";
import { parseGoDurationNs } from "../units/go-duration.ts";
import { parseGoFloat } from "../units/go-float.ts";

/** The value of a line that passed the pipeline, or undefined when the line is no sample. */
export type SampleValue = (line: Line) => number | undefined;

/** Compiles what a range aggregation takes from a line: 1, its size in bytes, or the number in a label. */
export function compileSampleValue({ operation, range }: RangeAggregation): SampleValue {
  if (range.unwrap !== undefined) {
    return compileUnwrap(range.unwrap);
  }
  return operation === "bytes_over_time" || operation === "bytes_rate" ? (line) => line.sizeBytes : () => 1;
}

/**
 * `| unwrap label`: a line without the label, or with an empty one, is no sample. What cannot be read is 0 with
 * `__error__="SampleExtractionErr"`.
 */
function compileUnwrap({ label, conversion, filters }: Unwrap): SampleValue {
  const convert = conversionOf(conversion);
  const stages = filters.map(compileLabelFilter);
  return (line) => {
    const { labels } = line;
    const text = labels.get(label) ?? "";
    if (text === "") {
      return undefined;
    }
    let value = 0;
    try {
      value = convert(text);
    } catch (error) {
      if (!isServiceError(error, "bad_data")) {
        throw error;
      }
      labels.error = "SampleExtractionErr";
      labels.errorDetails = messageOf(error);
    }
    return stages.every((stage) => stage(line)) ? value : undefined;
  };
}

/** What makes a number of a label. */
export function conversionOf(conversion: Unwrap["conversion"]): (text: string) => number {
  switch (conversion) {
    case undefined:
      return parseGoFloat;
    case "bytes":
      return parseByteSize;
    case "duration":
    case "duration_seconds":
      return parseSeconds;
  }
}

/** As Go's `Duration.Seconds` rounds. */
function parseSeconds(text: string): number {
  const ns = parseGoDurationNs(text);
  const seconds = Math.trunc(ns / 1e9);
  return seconds + (ns - seconds * 1e9) / 1e9;
}
