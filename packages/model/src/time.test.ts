import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDurationMs, parseRfc3339Ns, printDurationMs, printRfc3339Ns } from "./time.ts";

test.for([
  ["0", 0],
  ["5m", 300_000],
  ["1h30m", 5_400_000],
  ["250ms", 250],
  ["1d", 86_400_000],
  ["1y2w3d4h5m6s7ms", 31_536_000_000 + 1_209_600_000 + 259_200_000 + 14_400_000 + 300_000 + 6000 + 7],
] as const)("parseDurationMs(%s) is %d", ([text, ms]) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test.for(["", "5", "1.5h", "1ns", " 5m", "-5m", "5m1h", "1h1h"])("parseDurationMs refuses '%s'", (text) => {
  expect(() => parseDurationMs(text)).toThrow(/duration string/u);
});

test.for([
  [0, "0s"],
  [90_000, "1m30s"],
  [86_400_000, "1d"],
  [604_800_000, "1w"],
  [691_200_000, "8d"],
  [31_536_000_000, "1y"],
  [1, "1ms"],
] as const)("printDurationMs(%d) is %s", ([ms, text]) => {
  expect(printDurationMs(ms)).toBe(text);
});

test("printed durations read back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (ms) => {
      expect(parseDurationMs(printDurationMs(ms))).toBe(ms);
    }),
  );
});

test.for([
  ["2026-01-05T10:00:00Z", 1_767_607_200_000_000_000n],
  ["2026-01-05T10:00:00.123456789Z", 1_767_607_200_123_456_789n],
  ["2026-01-05T12:00:00.5+02:00", 1_767_607_200_500_000_000n],
  ["2026-02-28T23:30:00-01:00", 1_772_325_000_000_000_000n],
  ["1969-12-31T23:59:59.9Z", -100_000_000n],
] as const)("parseRfc3339Ns(%s)", ([text, ns]) => {
  expect(parseRfc3339Ns(text)).toBe(ns);
});

test.for([
  "2026-01-05",
  "2026-13-05T10:00:00Z",
  "2026-02-30T10:00:00Z",
  "2026-02-28T24:00:00Z",
  "yesterday",
  "2026-01-05 10:00:00Z",
])("%s is no RFC 3339 time", (text) => {
  expect(parseRfc3339Ns(text)).toBeUndefined();
});

test("printed times read back to the nanosecond", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 18n), max: 9n * 10n ** 18n }), (ns) => {
      expect(parseRfc3339Ns(printRfc3339Ns(ns))).toBe(ns);
    }),
  );
});
