import type { FastifyRequest } from "fastify";
import { expect, test } from "vitest";
import { paramsOf, parseBounds, parseDirection, parseLimit, parseStepMs, parseTimestampNs } from "./params.ts";

const nowMs = 1_700_000_000_000;

function given(search: string, body?: string): ReturnType<typeof paramsOf> {
  return paramsOf({ url: `/loki/api/v1/query_range?${search}`, body } as FastifyRequest);
}

test.for([
  ["1700000000", 1_700_000_000_000_000_000n],
  ["1700000000.5", 1_700_000_000_500_000_000n],
  ["1700000000.1234", 1_700_000_000_123_000_000n],
  ["1700000000000", 1_700_000_000_000n],
  ["1700000000000000001", 1_700_000_000_000_000_001n],
  ["2023-11-14T22:13:20.000000001Z", 1_700_000_000_000_000_001n],
  ["-5", -5_000_000_000n],
] as const)("time %s", ([text, ns]) => {
  expect(parseTimestampNs(text)).toBe(ns);
});

test.for(["abc", "2023-11-14", "1h", "."])("time '%s' is refused as Loki refuses it", (text) => {
  expect(() => parseTimestampNs(text)).toThrow(`strconv.ParseInt: parsing "${text}": invalid syntax`);
});

test.for(["9223372036854775808", "-99999999999999999999", "1.0e300", "1.0e308", "9999-12-31T23:59:59Z"])(
  "time '%s' does not fit into 64 bits of nanoseconds",
  (text) => {
    expect(() => parseTimestampNs(text)).toThrow(`strconv.ParseInt: parsing "${text}": value out of range`);
  },
);

test.for([
  { search: "", startNs: 1_699_996_400_000_000_000n, endNs: 1_700_000_000_000_000_000n },
  { search: "since=5m", startNs: 1_699_999_700_000_000_000n, endNs: 1_700_000_000_000_000_000n },
  { search: "end=1600000000", startNs: 1_599_996_400_000_000_000n, endNs: 1_600_000_000_000_000_000n },
  { search: "start=1&end=2", startNs: 1_000_000_000n, endNs: 2_000_000_000n },
])("bounds of '$search'", ({ search, startNs, endNs }) => {
  expect(parseBounds(given(search), nowMs)).toEqual({ startNs, endNs });
});

test("parameters of a posted form count too", () => {
  expect(given("", "query=%7Ba%3D%22b%22%7D&limit=7").get("query")).toBe('{a="b"}');
  expect(parseLimit(given("", "limit=7"))).toBe(7);
  expect(given("match[]=a", "match=b").all("match[]", "match")).toEqual(["a", "b"]);
});

test.for([
  ["", 100],
  ["limit=5", 5],
] as const)("limit of '%s' is %d", ([search, limit]) => {
  expect(parseLimit(given(search))).toBe(limit);
});

test.for(["limit=0", "limit=-1"])("'%s' is refused", (search) => {
  expect(() => parseLimit(given(search))).toThrow("limit must be a positive value");
});

test("the direction is backward, and may be shouted", () => {
  expect(parseDirection(given(""))).toBe("backward");
  expect(parseDirection(given("direction=FORWARD"))).toBe("forward");
  expect(() => parseDirection(given("direction=up"))).toThrow("invalid direction 'up'");
});

const hour = { startNs: 0n, endNs: 3_600_000_000_000n };

test.for([
  ["", 14_000],
  ["step=60", 60_000],
  ["step=1.5", 1500],
  ["step=5m", 300_000],
  ["step=60000ms", 60_000],
] as const)("step of '%s' over an hour is %d ms", ([search, stepMs]) => {
  expect(parseStepMs(given(search), hour)).toBe(stepMs);
});

test("eleven thousand steps fit into a range, and a part of one more", () => {
  const bounds = { startNs: 0n, endNs: 11_000_500_000_000n };
  expect(parseStepMs(given("step=1"), bounds)).toBe(1000);
  expect(() => parseStepMs(given("step=1"), { ...bounds, endNs: 11_001_000_000_000n })).toThrow("exceeded maximum");
});

test.for([
  ["step=0", "zero or negative query resolution step widths are not accepted. Try a positive integer"],
  ["step=-1", "zero or negative query resolution step widths"],
  ["step=100ms", "exceeded maximum resolution of 11,000 points per time series"],
  ["step=1e300", 'cannot parse "1e300" to a valid duration. It overflows int64'],
  ["step=often", 'cannot parse "often" to a valid duration'],
] as const)("'%s' is refused", ([search, told]) => {
  expect(() => parseStepMs(given(search), hour)).toThrow(told);
});
