import { readFileSync } from "node:fs";
import { parseYamlConfig } from "@sluice/service";
import { expect, test } from "vitest";
import { defaultLimits, limitsFor, LimitsSection, printableLimits } from "./limits.ts";
import { ignoredLimits, refusedLimits } from "./limits-without-effect.ts";

test("what is not said is as in Loki, in bytes and milliseconds", () => {
  expect(defaultLimits).toMatchObject({
    ingestion_rate_mb: 4,
    ingestion_burst_size_mb: 6,
    per_stream_rate_limit: 3 << 20,
    per_stream_rate_limit_burst: 15 << 20,
    max_line_size: 256 << 10,
    max_structured_metadata_size: 64 << 10,
    reject_old_samples_max_age: 7 * 86_400_000,
    max_query_length: 721 * 3_600_000,
    max_global_streams_per_user: 5000,
    discover_log_levels: true,
  });
});

test("limits are printed as a file writes them, and read back", () => {
  const printed = printableLimits(defaultLimits);
  expect(limitsFor(defaultLimits, LimitsSection.parse(printed))).toEqual(defaultLimits);
});

test("every key without effect is accepted with any value, and told", () => {
  const keys = Object.keys(ignoredLimits);
  const given = Object.fromEntries(keys.map((key, i) => [key, [1, "1h", true, { a: 1 }][i % 4]]));
  expect(LimitsSection.parse(given)).toEqual({ set: {}, ignoredKeys: keys });
});

test("keys that would change what is stored, but do not yet, are refused with the reason", () => {
  for (const [key, reason] of Object.entries(refusedLimits)) {
    expect(() => parseYamlConfig("a.yaml", `${key}: 1\n`, LimitsSection)).toThrow(
      `a.yaml:1: ${key}: not supported: ${reason}`,
    );
  }
});

test.for([
  { text: "max_line_sizes: 1", told: "a.yaml:1: max_line_sizes: unknown key, did you mean max_line_size?" },
  { text: "max_line_size: 1.5KB", told: "a.yaml:1: max_line_size: not a valid size" },
  {
    text: "block_ingestion_until: tomorrow",
    told: 'a.yaml:1: block_ingestion_until: not a time in RFC 3339: "tomorrow"',
  },
  {
    text: "blocked_queries: [{ pattern: '(', regex: true }]",
    told: "a.yaml:1: blocked_queries.0: pattern is no regular expression of RE2",
  },
  { text: "query_timeout: 0s", told: "a.yaml:1: query_timeout: must be longer than 0s" },
  { text: "query_timeout: 30d", told: "a.yaml:1: query_timeout: must be longer than 0s and not longer than 24d" },
  { text: "deletion_mode: sometimes", told: "a.yaml:1: deletion_mode: Invalid option" },
])("$text is refused", ({ text, told }) => {
  expect(() => parseYamlConfig("a.yaml", `${text}\n`, LimitsSection)).toThrow(told);
});

test("every key is described", () => {
  const text = readFileSync(new URL("../LIMITS.md", import.meta.url), "utf8");
  const keys = [defaultLimits, ignoredLimits, refusedLimits].flatMap((limits) => Object.keys(limits));
  expect(keys.filter((key) => !text.includes(`\`${key}\``))).toEqual([]);
});
