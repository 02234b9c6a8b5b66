import { batchOf, entriesOf, labelsFromRecord, printLabels, type Entry } from "@sluice/model";
import { LabelCache, type PushedStream } from "@sluice/push";
import { expect, test } from "vitest";
import { defaultLimits, limitsFor, LimitsSection, type Limits } from "../limits.ts";
import { KnownStreams } from "./known-streams.ts";
import { validatePush, type Validated } from "./validate.ts";

const nowMs = Date.parse("2026-01-05T10:00:00Z");
const limits = limitsWith({
  discover_service_name: [],
  max_line_size: 10,
  max_label_names_per_series: 2,
  max_label_value_length: 5,
  max_structured_metadata_entries_count: 1,
});

function limitsWith(given: unknown): Limits {
  return limitsFor(defaultLimits, LimitsSection.parse(given));
}

function validate(streams: readonly PushedStream[], by = limits): Validated {
  const known = new KnownStreams("fake", by, new LabelCache());
  return validatePush(streams, by, (sent) => known.of(sent), nowMs);
}

function at(offsetMs: number, line: string, metadata?: Record<string, string>): Entry {
  const timestampNs = BigInt(nowMs + offsetMs) * 1_000_000n;
  return metadata === undefined ? { timestampNs, line } : { timestampNs, line, metadata: labelsFromRecord(metadata) };
}

function check(labels: string, entries: readonly Entry[]): { stored: readonly string[]; told: string } {
  const { accepted, problems } = validate([{ labels, batch: batchOf(entries) }]);
  const stored = accepted.flatMap((stream) =>
    entriesOf(stream.batch).map(({ line }) => `${printLabels(stream.labels)} ${line}`),
  );
  return { stored, told: problems.print() };
}

test("what is good is stored though its neighbours are refused", () => {
  const week = 7 * 86_400_000;
  const { stored, told } = check('{app="x"}', [
    at(0, "a"),
    at(-week - 1000, "old"),
    at(0, "much too long"),
    at(700_000, "new"),
    at(1, "b"),
  ]);
  expect(stored).toEqual(['{app="x"} a', '{app="x"} b']);
  expect(told.split("; ")).toEqual([
    "entry for stream '{app=\"x\"}' has timestamp too old: 2025-12-29T09:59:59Z, oldest acceptable timestamp is: 2025-12-29T10:00:00Z",
    "max entry size '10' bytes exceeded for stream '{app=\"x\"}' while adding an entry with length '13' bytes",
    "entry for stream '{app=\"x\"}' has timestamp too new: 2026-01-05T10:11:40Z",
  ]);
});

test.for([
  { labels: "{}", told: "error at least one label pair is required per stream" },
  { labels: '{a="1", b="2", c="3"}', told: 'entry for stream \'{a="1", b="2", c="3"}\' has 3 label names; limit 2' },
  { labels: '{b="1", b="2"}', told: "stream '{b=\"1\", b=\"2\"}' has duplicate label name: 'b'" },
  { labels: '{a="123456"}', told: "stream '{a=\"123456\"}' has label value too long: '123456'" },
])("labels $labels are refused", ({ labels, told }) => {
  expect(check(labels, [at(0, "a")])).toEqual({ stored: [], told });
});

test("bad label text is told with its place, and other streams of the push are stored", () => {
  const push = ['{a-b="1"}', '{app="x"}'].map((labels) => ({ labels, batch: batchOf([at(0, "a")]) }));
  const { accepted, problems } = validate(push);
  expect(accepted).toHaveLength(1);
  expect(problems.print()).toBe("couldn't parse labels: 1:3: parse error: unexpected character inside braces: '-'");
});

test("structured metadata has its own limits", () => {
  const { told } = check('{app="x"}', [at(0, "a", { one: "1", two: "2" })]);
  expect(told).toMatch(/^stream '\{app="x"\}' has too many structured metadata labels: '2', limit: '1'/u);
});

test("what is stored holds no metadata of entries that were refused", () => {
  const entries = [
    at(0, "a", { good: "1" }),
    at(0, "b", { one: "1", two: "2" }),
    at(-30 * 86_400_000, "c", { old: "1" }),
    at(0, "d"),
    at(0, "e", { "good!": "1" }),
    at(0, "f", { good_: "1" }),
  ];
  const { accepted } = validate([{ labels: '{app="x"}', batch: batchOf(entries) }]);
  expect(accepted[0]!.batch.metadata).toEqual({
    sets: [[], labelsFromRecord({ good: "1" }), labelsFromRecord({ good_: "1" })],
    index: Uint32Array.of(1, 0, 2, 2),
  });
  const plain = validate([{ labels: '{app="x"}', batch: batchOf(entries.slice(1, 4)) }]);
  expect(plain.accepted[0]!.batch.metadata).toBeUndefined();
});

test("a stream without entries is no problem", () => {
  expect(check("{nonsense", [])).toEqual({ stored: [], told: "" });
});

test.for([
  { title: "of labels", labels: '{a="ééé"}', entry: at(0, "a"), told: "has label value too long: 'ééé'" },
  { title: "of lines", labels: '{a="x"}', entry: at(0, "éééééé"), told: "an entry with length '12' bytes" },
])("lengths $title are bytes of UTF-8", ({ labels, entry, told }) => {
  expect(check(labels, [entry]).told).toContain(told);
});

test("whatever the limits allow, a time that 64 bits of nanoseconds cannot hold is refused", () => {
  const anyTime = { ...limits, reject_old_samples: false, creation_grace_period: 300 * 365 * 86_400_000 };
  const entries = [-1n, 0n].map((add): Entry => ({ timestampNs: 2n ** 63n + add, line: "a" }));
  const { accepted, problems } = validate([{ labels: '{a="x"}', batch: batchOf(entries) }], anyTime);
  expect(accepted[0]!.batch.count).toBe(1);
  expect(problems.print()).toContain("has timestamp too new: 2262-04-11T23:47:16Z");
});
