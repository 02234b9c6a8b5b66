import type { LabelRecord } from "@sluice/api";

/** What a list of lines shows of its labels: one of them per row, the common ones once above. */
export interface LabelSummary {
  /** The label whose value stands in each row; empty when every line has the same labels. */
  readonly source: string;
  /** Length of its longest value. */
  readonly sourceLength: number;
  /** Labels that every line has with the same value. */
  readonly common: readonly (readonly [name: string, value: string])[];
}

/** Labels that name who wrote a line, best first. */
const sourceLabels = [
  "service_name",
  "app",
  "app_kubernetes_io_name",
  "container",
  "component",
  "job",
  "pod",
  "namespace",
  "host",
  "filename",
];

const noSummary: LabelSummary = { source: "", sourceLength: 0, common: [] };

export function summarizeLabels(sets: readonly LabelRecord[]): LabelSummary {
  const [first, ...rest] = sets;
  if (first === undefined) {
    return noSummary;
  }
  const common = Object.entries(first).filter(([name, value]) => rest.every((labels) => labels[name] === value));
  const commonNames = new Set(common.map(([name]) => name));
  const names = new Set(sets.flatMap((labels) => Object.keys(labels)).filter((name) => !commonNames.has(name)));
  const source = sourceLabels.find((name) => names.has(name)) ?? "";
  const sourceLength = sets.reduce((length, labels) => Math.max(length, labels[source]?.length ?? 0), 0);
  return { source, sourceLength, common };
}
