import { batchOf, entriesOf, labelsFromRecord, printLabels, type Entry } from "@sluice/model";
import { expect, test } from "vitest";
import { LimitsConfig } from "../limits.ts";
import { groupProblems, validatePush } from "./validate.ts";

const nowMs = Date.parse("2026-01-05T10:00:00Z");
const limits = LimitsConfig.parse({
  max_line_size: 10,
  max_label_names_per_series: 2,
  max_label_value_length: 5,
  max_structured_metadata_entries_count: 1,
});

function at(offsetMs: number, line: string, metadata?: Record<string, string>): Entry {
  const timestampNs = BigInt(nowMs + offsetMs) * 1_000_000n;
  return metadata === undefined ? { timestampNs, line } : { timestampNs, line, metadata: labelsFromRecord(metadata) };
}

function check(labels: string, entries: readonly Entry[]): { stored: readonly string[]; problems: readonly string[] } {
  const { accepted, problems } = validatePush([{ labels, batch: batchOf(entries) }], limits, nowMs);
  const stored = accepted.flatMap((stream) =>
    entriesOf(stream.batch).map(({ line }) => `${printLabels(stream.labels)} ${line}`),
  );
  return { stored, problems };
}

test("what is good is stored though its neighbours are refused", () => {
  const week = 7 * 86_400_000;
  const { stored, problems } = check('{app="x"}', [
    at(0, "a"),
    at(-week - 1000, "old"),
    at(0, "much too long"),
    at(700_000, "new"),
    at(1, "b"),
  ]);
  expect(stored).toEqual(['{app="x"} a', '{app="x"} b']);
  expect(problems).toEqual([
    "entry for stream '{app=\"x\"}' has timestamp too old: 2025-12-29T09:59:59Z, oldest acceptable timestamp is: 2025-12-29T10:00:00Z",
    "max entry size '10' bytes exceeded for stream '{app=\"x\"}' while adding an entry with length '13' bytes",
    "entry for stream '{app=\"x\"}' has timestamp too new: 2026-01-05T10:11:40Z",
  ]);
});

test.for([
  { labels: "{}", told: "error at least one label pair is required per stream" },
  { labels: '{a="1", b="2", c="3"}', told: 'entry for stream \'{a="1", b="2", c="3"}\' has 3 label names; limit 2' },
  { labels: '{a="123456"}', told: "stream '{a=\"123456\"}' has label value too long: '123456'" },
])("labels $labels are refused", ({ labels, told }) => {
  expect(check(labels, [at(0, "a")])).toEqual({ stored: [], problems: [told] });
});

test("bad label text is told with its place, and other streams of the push are stored", () => {
  const push = ['{a-b="1"}', '{app="x"}'].map((labels) => ({ labels, batch: batchOf([at(0, "a")]) }));
  const { accepted, problems } = validatePush(push, limits, nowMs);
  expect(accepted).toHaveLength(1);
  expect(problems).toEqual(["couldn't parse labels: 1:3: parse error: unexpected character inside braces: '-'"]);
});

test("structured metadata has its own limits", () => {
  const { problems } = check('{app="x"}', [at(0, "a", { one: "1", two: "2" })]);
  expect(problems[0]).toContain("has too many structured metadata labels: '2', limit: '1'");
});

test("a stream without entries is no problem", () => {
  expect(check("{nonsense", [])).toEqual({ stored: [], problems: [] });
});

test("equal problems are counted, different ones joined", () => {
  expect(groupProblems(["a", "b", "a"])).toBe("2 errors like: a; b");
});
