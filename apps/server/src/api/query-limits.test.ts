import { noLabels, type QueryResult } from "@sluice/model";
import { expect, test } from "vitest";
import { defaultLimits, limitsFor, LimitsSection } from "../limits.ts";
import { checkAnswerSize, checkBounds } from "./query-limits.ts";

test("a range is told in Go's words", () => {
  const limits = limitsFor(defaultLimits, LimitsSection.parse({ max_query_length: "1h" }));
  const hourNs = 3_600_000_000_000n;
  checkBounds({ startNs: 0n, endNs: hourNs }, limits);
  expect(() => checkBounds({ startNs: 0n, endNs: 2n * hourNs }, limits)).toThrow(
    "the query time range exceeds the limit (query length: 2h0m0s, limit: 1h)",
  );
  expect(() => checkBounds({ startNs: 1n, endNs: 0n }, limits)).toThrow(
    "end timestamp must not be before or equal to start time",
  );
});

test("an answer of huge lines says how to get a smaller one", () => {
  const entry = { timestampNs: 1n, line: "12345", metadata: noLabels, parsed: noLabels };
  const result: QueryResult = { type: "streams", streams: [{ labels: noLabels, entries: [entry, entry] }] };
  checkAnswerSize(result, 10);
  expect(() => checkAnswerSize(result, 9)).toThrow("10 bytes, limit: 9; ask for fewer lines");
});
