import type { CompletionItem } from "./completion-item.ts";

type Details = Readonly<Record<string, string>>;

export const stages: Details = {
  json: "fields of a JSON line, or only those that are named",
  logfmt: "fields of a logfmt line, or only those that are named",
  regexp: "fields from the named groups of a regular expression",
  pattern: "fields from a pattern such as <ip> - <_>",
  unpack: "labels and line that the agent packed into JSON",
  line_format: "a new line from a template",
  label_format: "new or renamed labels",
  decolorize: "no colour codes",
  drop: "without some labels",
  keep: "with some labels only",
};

export const unwrap: Details = { unwrap: "samples from a label's value" };

export const lineFilters: Details = {
  "|=": "the line contains a text",
  "!=": "the line does not contain a text",
  "|~": "the line matches a regular expression",
  "!~": "the line does not match a regular expression",
  "|>": "the line fits a pattern",
  "!>": "the line does not fit a pattern",
};

export const rangeFunctions: Details = {
  count_over_time: "lines in the range",
  rate: "lines per second, or the sum of samples per second",
  bytes_over_time: "bytes of the lines in the range",
  bytes_rate: "bytes per second",
  absent_over_time: "1 where there is no line",
  sum_over_time: "sum of samples",
  avg_over_time: "average of samples",
  min_over_time: "least sample",
  max_over_time: "greatest sample",
  first_over_time: "first sample",
  last_over_time: "last sample",
  stddev_over_time: "standard deviation of samples",
  stdvar_over_time: "variance of samples",
  quantile_over_time: "a quantile of samples, such as 0.99",
  rate_counter: "increase per second of samples of a counter",
};

export const vectorFunctions: Details = {
  sum: "sum of series",
  avg: "average of series",
  min: "least value of series",
  max: "greatest value of series",
  count: "number of series",
  stddev: "standard deviation of series",
  stdvar: "variance of series",
  topk: "series with the greatest values",
  bottomk: "series with the least values",
  approx_topk: "series with about the greatest values",
  sort: "series by value, ascending",
  sort_desc: "series by value, descending",
};

export const otherFunctions: Details = {
  vector: "one series of a number",
  label_replace: "a label from a regular expression over another",
};

export const conversions: Details = {
  duration: "a duration such as 1.5s, in seconds",
  duration_seconds: "a duration such as 1.5s, in seconds",
  bytes: "a size such as 20MB, in bytes",
};

export const ip: Details = { ip: "an address, a network or a range of addresses" };

export const flags: Details = {
  "--strict": "a line with a broken pair is an error",
  "--keep-empty": "keys without value become empty labels",
};

export const ranges: readonly string[] = ["1m", "5m", "10m", "30m", "1h", "6h", "12h", "1d", "7d"];

/** One item for each word of a table. */
export function itemsOf(kind: CompletionItem["kind"], words: Details): readonly CompletionItem[] {
  return Object.entries(words).map(([text, detail]) => ({ kind, text, detail }));
}
