import { parseByteSize } from "../../units/byte-size.ts";
import { parseGoDurationNs } from "../../units/go-duration.ts";
import { fixed, type FunctionTable } from "./function.ts";

/** Loki's readers of sizes and durations. */
export const unitFunctions: FunctionTable = {
  bytes: fixed(["string"], ([text]) => parseByteSize(text)),
  duration: fixed(["string"], ([text]) => durationSeconds(text)),
  duration_seconds: fixed(["string"], ([text]) => durationSeconds(text)),
};

/** Go adds seconds and nanoseconds as floats. */
function durationSeconds(text: string): number {
  const ns = parseGoDurationNs(text);
  const seconds = Math.trunc(ns / 1e9);
  return seconds + (ns - seconds * 1e9) / 1e9;
}
