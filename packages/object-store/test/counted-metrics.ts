import type { Metrics } from "@sluice/model";
import { quietMetrics } from "@sluice/testkit";

/** Metrics whose counters can be read, by name and labels. */
export function countedMetrics(): { readonly metrics: Metrics; readonly values: Record<string, number> } {
  const values: Record<string, number> = {};
  const metrics: Metrics = {
    ...quietMetrics,
    counter: (name) => ({
      add(value, labels) {
        const key = `${name} ${JSON.stringify(labels)}`;
        values[key] = (values[key] ?? 0) + value;
      },
    }),
  };
  return { metrics, values };
}
