import { isServiceError } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseByteSize, printByteSize } from "../src/units/byte-size.ts";
import { parseGoDurationNs, printGoDuration } from "../src/units/go-duration.ts";
import { parseGoFloat, printGoFixed, printGoFloat, printGoGeneral } from "../src/units/go-float.ts";
import { parseRangeMs } from "../src/units/prometheus-duration.ts";

/** What the function gives, or the text of its error. */
function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return isServiceError(error, "bad_data") ? error.message : error;
  }
}

test.for([
  ["0", 0],
  ["1ns", 1],
  ["1us", 1000],
  ["1\u00b5s", 1000],
  ["1.5s", 1_500_000_000],
  ["-2ms", -2_000_000],
  ["+3s", 3_000_000_000],
  ["1h30m", 5.4e12],
  ["1m1ms", 60_001_000_000],
  [".5s", 500_000_000],
  ["1.s", 1_000_000_000],
  ["", 'time: invalid duration ""'],
  ["1", 'time: missing unit in duration "1"'],
  ["1d", 'time: unknown unit "d" in duration "1d"'],
  ["x", 'time: invalid duration "x"'],
  [".s", 'time: invalid duration ".s"'],
  ["9223372036855s", 'time: invalid duration "9223372036855s"'],
] as const)("the Go duration %s", ([text, wanted]) => {
  expect(outcome(() => parseGoDurationNs(text))).toBe(wanted);
});

test.for([
  ["1MB", 1_000_000],
  ["1 MB", 1_000_000],
  ["1mb", 1_000_000],
  ["1MiB", 1_048_576],
  ["1.5k", 1500],
  ["42", 42],
  ["1,024", 1024],
  ["2eb", 2e18],
  ["", 'strconv.ParseFloat: parsing "": invalid syntax'],
  ["1x", "unhandled size name: x"],
  ["-1", 'strconv.ParseFloat: parsing "": invalid syntax'],
] as const)("the size %s", ([text, wanted]) => {
  expect(outcome(() => parseByteSize(text))).toBe(wanted);
});

test.for([
  [0, "0B"],
  [9, "9B"],
  [999, "999B"],
  [1000, "1.0kB"],
  [9960, "10kB"],
  [12_500, "12kB"],
  [13_500, "14kB"],
  [20_000_000, "20MB"],
] as const)("%s bytes are printed", ([bytes, wanted]) => {
  expect(printByteSize(bytes)).toBe(wanted);
});

test.for([
  ["1", 1],
  ["-1.5e3", -1500],
  ["+.5", 0.5],
  ["1_000", 1000],
  ["0x1p4", 16],
  ["Inf", Number.POSITIVE_INFINITY],
  ["-infinity", Number.NEGATIVE_INFINITY],
  ["nan", Number.NaN],
  ["", 'strconv.ParseFloat: parsing "": invalid syntax'],
  [" 1", 'strconv.ParseFloat: parsing " 1": invalid syntax'],
  ["1e", 'strconv.ParseFloat: parsing "1e": invalid syntax'],
  ["0x10", 'strconv.ParseFloat: parsing "0x10": invalid syntax'],
  ["1e999", 'strconv.ParseFloat: parsing "1e999": value out of range'],
] as const)("the number %s", ([text, wanted]) => {
  expect(outcome(() => parseGoFloat(text))).toBe(wanted);
});

test.for([
  [1e6, "1000000", "1e+06", "1000000.000000"],
  [123_456, "123456", "123456", "123456.000000"],
  [1e-5, "0.00001", "1e-05", "0.000010"],
  [0.007_812_5, "0.0078125", "0.0078125", "0.007812"],
  [0.023_437_5, "0.0234375", "0.0234375", "0.023438"],
  [1e21, "1000000000000000000000", "1e+21", "1000000000000000000000.000000"],
  [-0, "-0", "-0", "-0.000000"],
  [Number.NaN, "NaN", "NaN", "NaN"],
  [Number.NEGATIVE_INFINITY, "-Inf", "-Inf", "-Inf"],
] as const)("%s as %%f without end, %%v and %%f", ([value, plain, general, fixed]) => {
  expect([printGoFloat(value), printGoGeneral(value), printGoFixed(value)]).toEqual([plain, general, fixed]);
});

test.for([
  ["5m", 300_000],
  ["1d12h", 129_600_000],
  ["0", 0],
  ["", "empty duration string"],
  ["5", 'not a valid duration string: "5"'],
  ["1.5h", 'unknown unit "." in duration "1.5h"'],
  ["5x", 'unknown unit "x" in duration "5x"'],
] as const)("the range %s", ([text, wanted]) => {
  expect(outcome(() => parseRangeMs(text))).toBe(wanted);
});

test("durations and numbers are read as they are printed", () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), (ns) => {
      expect(parseGoDurationNs(printGoDuration(ns))).toBe(ns === 0 ? 0 : ns);
    }),
  );
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      expect(parseGoFloat(printGoFloat(value))).toBe(value);
      expect(parseGoFloat(printGoGeneral(value))).toBe(value);
    }),
  );
});
