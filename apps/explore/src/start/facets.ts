import type { LabelRecord } from "@sluice/api";
import { quoteGo } from "@sluice/model";

/** What was picked: values by label. */
export type Picked = ReadonlyMap<string, ReadonlySet<string>>;

export interface Facet {
  readonly name: string;
  /** Values of the streams that match what is picked of the other labels, most streams first. */
  readonly values: readonly FacetValue[];
}

export interface FacetValue {
  readonly value: string;
  readonly streams: number;
  readonly picked: boolean;
}

/** Labels that people look for first. */
const preferred = [
  "cluster",
  "namespace",
  "service_name",
  "app",
  "app_kubernetes_io_name",
  "job",
  "component",
  "container",
  "level",
  "env",
  "host",
  "node",
  "node_name",
  "pod",
];

/** Labels that can be picked: those that divide the streams, the well-known ones first, then by how few values they have. */
export function facetsOf(streams: readonly LabelRecord[], picked: Picked): readonly Facet[] {
  const names = new Map<string, Set<string>>();
  for (const labels of streams) {
    for (const [name, value] of Object.entries(labels)) {
      const values = names.get(name) ?? new Set();
      names.set(name, values.add(value));
    }
  }
  return [...names.keys()]
    .sort((a, b) => rank(a) - rank(b) || names.get(a)!.size - names.get(b)!.size || (a < b ? -1 : 1))
    .map((name) => ({ name, values: valuesOf(name, streams, picked) }));
}

/** Picks a value, or takes it back. */
export function togglePicked(picked: Picked, name: string, value: string): Picked {
  const values = (picked.get(name) ?? new Set<string>()).symmetricDifference(new Set([value]));
  const next = new Map(picked).set(name, values);
  return new Map([...next].filter(([, values]) => values.size > 0));
}

/** A selector of every stream that has a label, for the label that most streams have; undefined without streams. */
export function selectorOfAll(streams: readonly LabelRecord[]): string | undefined {
  const counts = new Map<string, number>();
  for (const name of streams.flatMap((labels) => Object.keys(labels))) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const [best] = [...counts].sort(
    ([a, countA], [b, countB]) => countB - countA || rank(a) - rank(b) || (a < b ? -1 : 1),
  );
  return best === undefined ? undefined : `{${best[0]}=~${quoteGo(".+")}}`;
}

function rank(name: string): number {
  const index = preferred.indexOf(name);
  return index < 0 ? preferred.length : index;
}

function valuesOf(name: string, streams: readonly LabelRecord[], picked: Picked): readonly FacetValue[] {
  const counts = new Map<string, number>();
  for (const labels of streams) {
    const value = ownValue(labels, name);
    const matchesOthers = [...picked].every(
      ([other, values]) => other === name || values.has(ownValue(labels, other) ?? ""),
    );
    if (value !== undefined && matchesOthers) {
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }
  const own = picked.get(name) ?? new Set();
  return [...counts]
    .map(([value, streams]) => ({ value, streams, picked: own.has(value) }))
    .sort((a, b) => Number(b.picked) - Number(a.picked) || b.streams - a.streams || (a.value < b.value ? -1 : 1));
}

/** A label may be called `constructor`. */
function ownValue(labels: LabelRecord, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}
