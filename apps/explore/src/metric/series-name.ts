import { printLabels, labelsFromRecord } from "@sluice/model";
import type { LabelRecord } from "@sluice/api";

/** A series' name: the value alone when it has one label, else its labels; `value` when it has none. */
export function seriesName(metric: LabelRecord): string {
  const entries = Object.entries(metric);
  if (entries.length === 0) {
    return "value";
  }
  const [first] = entries;
  return entries.length === 1 && first![1] !== "" ? first![1] : printLabels(labelsFromRecord(metric));
}
