import * as fc from "fast-check";
import { expect, test } from "vitest";
import { clockText, durationText, fullTimeText, rangeText, tickText } from "./format-time.ts";
import { parseRangeInput, parseTimeInput } from "./range-input.ts";
import { searchRangeOf, shiftRange, zoomOut } from "./range-moves.ts";
import { roundStepMs } from "./round-step.ts";
import { datePartsOf, instantOf, offsetText, zoneOffsetMs } from "./zone.ts";

const zones = ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York"];

test("every wall clock time of a zone names its instant", () => {
  // From 1972 on: before that some zones had offsets with odd seconds.
  const instant = fc.integer({ min: 2 * 365 * 86_400_000, max: 4_000_000_000_000 });
  fc.assert(
    fc.property(instant, fc.constantFrom(...zones), (ms, zone) => {
      const again = instantOf(datePartsOf(ms, zone), zone);
      // When clocks are set back an hour comes twice: then the first one is meant.
      expect(datePartsOf(again, zone)).toEqual(datePartsOf(ms, zone));
      expect(ms - again === 0 || ms - again === 3_600_000 || ms - again === 1_800_000).toBe(true);
    }),
  );
});

test("offsets follow the clock changes of a zone", () => {
  expect(zoneOffsetMs("Europe/Berlin", Date.parse("2026-03-29T00:59:59Z"))).toBe(3_600_000);
  expect(zoneOffsetMs("Europe/Berlin", Date.parse("2026-03-29T01:00:00Z"))).toBe(7_200_000);
  expect(offsetText("Asia/Kathmandu", 1.8e12)).toBe("UTC+5:45");
  expect(offsetText("Nowhere/Land", 1.8e12)).toBe("UTC");
});

const at = Date.parse("2026-01-05T10:00:00.123Z");

test("times are written in the zone", () => {
  expect(clockText(at, "Europe/Berlin")).toBe("11:00:00.123");
  expect(fullTimeText(Math.floor(at / 1000), 123_456_789, "America/New_York")).toBe(
    "2026-01-05 05:00:00.123456789 UTC\u22125",
  );
  expect(rangeText(at, at + 60_000, "UTC")).toBe("2026-01-05 10:00:00 – 10:01:00");
  expect(tickText(at - 123, "UTC", 60_000)).toBe("10:00");
  expect([90, 1500, 90_000, 7_200_000, 259_200_000].map((ms) => durationText(ms))).toEqual([
    "90 ms",
    "1.5 s",
    "1.5 min",
    "2 h",
    "3 d",
  ]);
});

const iso = (text: string | undefined, zone = "Europe/Berlin") => {
  const range = text === undefined ? undefined : parseRangeInput(text, zone, at);
  const end = (point: NonNullable<typeof range>["from"]): string =>
    point.type === "relative" ? `now-${point.beforeNowMs}` : new Date(Number(point.ns / 1_000_000n)).toISOString();
  return range === undefined ? undefined : [end(range.from), end(range.to)];
};

test.for([
  ["2h", ["now-7200000", "now-0"]],
  ["last 15 minutes", ["now-900000", "now-0"]],
  ["1h30m", ["now-5400000", "now-0"]],
  ["now-2h", ["now-7200000", "now-0"]],
  ["now-2h to now-1h", ["now-7200000", "now-3600000"]],
  ["09:05-09:20", ["2026-01-05T08:05:00.000Z", "2026-01-05T08:20:00.000Z"]],
  ["yesterday", ["2026-01-03T23:00:00.000Z", "2026-01-04T23:00:00.000Z"]],
  ["today", ["2026-01-04T23:00:00.000Z", "now-0"]],
  ["yesterday 14:00", ["2026-01-04T13:00:00.000Z", "now-0"]],
  ["2026-01-04", ["2026-01-03T23:00:00.000Z", "now-0"]],
  ["2026-01-04 14:00 to 2026-01-04 15:30:10", ["2026-01-04T13:00:00.000Z", "2026-01-04T14:30:10.000Z"]],
  ["2026-01-04T14:00:00Z – 2026-01-04T15:00:00Z", ["2026-01-04T14:00:00.000Z", "2026-01-04T15:00:00.000Z"]],
  ["1767600000", ["2026-01-05T08:00:00.000Z", "now-0"]],
  ["", undefined],
  ["soon", undefined],
  ["0h", undefined],
  ["15:00-14:00", undefined],
  ["2026-13-01", undefined],
  ["25:00", undefined],
] as const)("the range '%s'", ([text, want]) => {
  expect(iso(text)).toEqual(want);
});

test("any text is a range or none", () => {
  fc.assert(
    fc.property(
      fc.string(),
      (text) => parseRangeInput(text, "UTC", at) !== null && parseTimeInput(text, "UTC", at) !== null,
    ),
  );
});

test("a relative range starts at a border of the histogram", () => {
  const relative = {
    from: { type: "relative", beforeNowMs: 3_600_000 },
    to: { type: "relative", beforeNowMs: 0 },
  } as const;
  const { startNs, endNs } = searchRangeOf(relative, at);
  expect(startNs).toBe(BigInt(Date.parse("2026-01-05T09:00:00Z")) * 1_000_000n);
  expect(endNs).toBe(BigInt(at) * 1_000_000n);
});

test("ranges shift and zoom, but not into the future", () => {
  const range = { startMs: 1000, endMs: 2000 };
  const ms = ({ from, to }: ReturnType<typeof shiftRange>) =>
    [from, to].map((point) => (point.type === "absolute" ? Number(point.ns / 1_000_000n) : Number.NaN));
  expect(ms(shiftRange(range, -0.5))).toEqual([500, 1500]);
  expect(ms(zoomOut(range, 10_000))).toEqual([500, 2500]);
  expect(ms(zoomOut(range, 2000))).toEqual([0, 2000]);
});

test("steps are round and few enough", () => {
  expect([1000, 60_000, 3_600_000, 86_400_000].map((range) => roundStepMs(range, 118))).toEqual([
    100, 1000, 60_000, 900_000,
  ]);
});
