import { expect, test } from "vitest";
import { paramsOf, type Params } from "../api/params.ts";
import { checkMaxInterval, parseWantedDelete } from "./delete-params.ts";

const nowMs = 1_800_000_000_000;

function params(given: Readonly<Record<string, string>>): Params {
  return paramsOf({ url: `/?${new URLSearchParams(given).toString()}` } as Parameters<typeof paramsOf>[0]);
}

const query = '{app="web"}';

test.for([
  { given: { query, start: "1700000000", end: "1700000001" }, start: 1_700_000_000_000, end: 1_700_000_001_000 },
  { given: { query, start: "1700000000" }, start: 1_700_000_000_000, end: nowMs },
  {
    given: { query, start: "2023-11-14T22:13:20.1239Z", end: "2023-11-14T23:13:21+01:00" },
    start: 1_700_000_000_123,
    end: 1_700_000_001_000,
  },
])("reads $given", ({ given, start, end }) => {
  const toNs = (ms: number): bigint => BigInt(ms) * 1_000_000n;
  expect(parseWantedDelete(params(given), nowMs)).toEqual({ query, startNs: toNs(start), endNs: toNs(end) });
});

test("a start before all times that a line can have is the first of them", () => {
  for (const start of ["0001-01-01T00:00:00Z", "1600-01-01T00:00:00Z"]) {
    expect(parseWantedDelete(params({ query, start }), nowMs).startNs).toBe(-(2n ** 63n));
  }
});

test.for([
  { given: {}, text: "query not set" },
  { given: { query }, text: "start time not set" },
  {
    given: { query, start: "1700000000000" },
    text: "invalid start time: require unix seconds or RFC3339 format",
  },
  {
    given: { query, start: "1700000000", end: "yesterday" },
    text: "invalid end time: require unix seconds or RFC3339 format",
  },
  { given: { query, start: "1700000000", end: "1800000001" }, text: "deletes in the future are not allowed" },
  {
    given: { query, start: "1700000000", end: "1700000000" },
    text: "start time can't be greater than or equal to end time",
  },
])("refuses $given", ({ given, text }) => {
  expect(() => parseWantedDelete(params(given), nowMs)).toThrow(text);
});

test.for([
  { given: "1h", text: undefined },
  { given: "24h", text: undefined },
  { given: "0.5s", text: "invalid max_interval: valid time units are 's', 'm', 'h'" },
  { given: "1d", text: "invalid max_interval: valid time units are 's', 'm', 'h'" },
  { given: "100ms", text: "invalid max_interval: valid time units are 's', 'm', 'h'" },
  { given: "5", text: "invalid max_interval: valid time units are 's', 'm', 'h'" },
  { given: "25h", text: "max_interval can't be greater than 24h0m0s" },
  { given: "23h30m", text: undefined },
])("max_interval $given", ({ given, text }) => {
  const wanted = parseWantedDelete(params({ query, start: "1700000000", end: "1700864000" }), nowMs);
  const check = (): void => checkMaxInterval(params({ max_interval: given }), wanted, 86_400_000);
  if (text === undefined) {
    check();
  } else {
    expect(check).toThrow(text);
  }
});

test("max_interval is not longer than what is to be deleted", () => {
  const wanted = parseWantedDelete(params({ query, start: "1700000000", end: "1700003600" }), nowMs);
  expect(() => checkMaxInterval(params({ max_interval: "2h" }), wanted, 86_400_000)).toThrow(
    "max_interval can't be greater than the interval to be deleted (1h0m0s)",
  );
});
