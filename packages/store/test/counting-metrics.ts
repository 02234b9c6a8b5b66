import type { MetricLabels, Metrics } from "@sluice/model";

/** Metrics whose counters can be read: `valueOf("sluice_store_x_total", { outcome: "y" })`. */
export function countingMetrics(): Metrics & { readonly valueOf: (name: string, labels?: MetricLabels) => number } {
  const values = new Map<string, number>();
  const keyOf = (name: string, labels: MetricLabels = {}): string => JSON.stringify([name, labels]);
  return {
    counter: (name) => ({
      add(value, labels) {
        values.set(keyOf(name, labels), (values.get(keyOf(name, labels)) ?? 0) + value);
      },
    }),
    gauge: () => ({ set() {}, add() {} }),
    histogram: () => ({ observe() {} }),
    valueOf: (name, labels) => values.get(keyOf(name, labels)) ?? 0,
  };
}
