import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  defaultExploreState,
  exploreUrl,
  parseExploreState,
  parseTimePoint,
  printExploreState,
  printTimePoint,
  resolveTimePoint,
  type ExploreState,
  type TimePoint,
} from "./explore-url.ts";

const text = fc.string({ unit: "binary" });
const timePoint: fc.Arbitrary<TimePoint> = fc.oneof(
  fc.record({
    type: fc.constant("relative" as const),
    beforeNowMs: fc.integer({ min: 0, max: 10 * 365 * 86_400_000 }),
  }),
  fc.record({
    type: fc.constant("absolute" as const),
    // Nanoseconds from 2001 on: shorter numbers are read as seconds or milliseconds.
    ns: fc.bigInt({ min: 10n ** 18n, max: 2n ** 62n }),
  }),
);
const state: fc.Arbitrary<ExploreState> = fc.record({
  query: text,
  from: timePoint,
  to: timePoint,
  timeZone: fc.constantFrom("local", "UTC", "Europe/Berlin"),
  direction: fc.constantFrom("backward", "forward"),
  live: fc.boolean(),
  view: fc.constantFrom("chart", "table"),
  tenant: text,
  line: text,
  others: fc.array(
    fc.tuple(
      text.map((name) => `x-${name}`),
      text,
    ),
    { maxLength: 3 },
  ),
});

test("every state survives the trip through an address", () => {
  fc.assert(
    fc.property(state, (state) => {
      expect(parseExploreState(printExploreState(state))).toEqual(state);
      const url = new URL(exploreUrl("https://example.com/logs/", state));
      expect(url.pathname).toBe("/logs/explore");
      expect(parseExploreState(url.search)).toEqual(state);
    }),
  );
});

test("any text opens a page", () => {
  fc.assert(
    fc.property(text, (search) => {
      const state = parseExploreState(search);
      expect(parseExploreState(printExploreState(state))).toEqual(state);
    }),
  );
});

test("a link of an alert is short and readable", () => {
  const url = exploreUrl("http://127.0.0.1:3100", {
    query: '{app="pay"} |= "declined"',
    from: { type: "absolute", ns: 1_767_607_200_000_000_000n },
    to: { type: "absolute", ns: 1_767_610_800_500_000_000n },
  });
  expect(decodeURIComponent(url.replaceAll("+", " "))).toBe(
    'http://127.0.0.1:3100/explore?q={app="pay"} |= "declined"&from=2026-01-05T10:00:00Z&to=2026-01-05T11:00:00.5Z',
  );
});

test("the default state has no query part", () => {
  expect(printExploreState(defaultExploreState)).toBe("");
  expect(parseExploreState("")).toEqual(defaultExploreState);
});

test.for<[string, TimePoint | undefined]>([
  ["now", { type: "relative", beforeNowMs: 0 }],
  ["now-1h30m", { type: "relative", beforeNowMs: 5_400_000 }],
  ["now-7d", { type: "relative", beforeNowMs: 604_800_000 }],
  ["1767607200", { type: "absolute", ns: 1_767_607_200_000_000_000n }],
  ["1767607200123", { type: "absolute", ns: 1_767_607_200_123_000_000n }],
  ["1767607200123456789", { type: "absolute", ns: 1_767_607_200_123_456_789n }],
  ["2026-01-05T10:00:00.000000001Z", { type: "absolute", ns: 1_767_607_200_000_000_001n }],
  ["2026-01-05T11:00:00+01:00", { type: "absolute", ns: 1_767_607_200_000_000_000n }],
  ["", undefined],
  ["now-", undefined],
  ["now-soon", undefined],
  ["yesterday", undefined],
])("the time %s", ([text, want]) => {
  expect(parseTimePoint(text)).toEqual(want);
});

test("a relative range prints as it was typed", () => {
  expect(printTimePoint({ type: "relative", beforeNowMs: 7_200_000 })).toBe("now-2h");
});

test("a relative point means another instant later", () => {
  expect(resolveTimePoint({ type: "relative", beforeNowMs: 500 }, 1_000)).toBe(500_000_000n);
  expect(resolveTimePoint({ type: "relative", beforeNowMs: 500 }, 2_000)).toBe(1_500_000_000n);
  expect(resolveTimePoint({ type: "absolute", ns: 7n }, 2_000)).toBe(7n);
});
