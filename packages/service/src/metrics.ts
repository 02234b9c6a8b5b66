import type { Metrics } from "@sluice/model";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

export interface MetricsRegistry {
  /** The port that parts count with. Asking for a name again gives the same metric. */
  readonly metrics: Metrics;
  readonly contentType: string;
  /** Prometheus text format. */
  render(): Promise<string>;
}

/** A registry with the process' own metrics (CPU, memory, event loop) in it. */
export function createMetrics(): MetricsRegistry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const made = new Map<string, unknown>();
  const once = <T>(name: string, make: () => T): T => {
    if (!made.has(name)) {
      made.set(name, make());
    }
    return made.get(name) as T;
  };
  const registers = [registry];
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    metrics: {
      counter: (name, help, labelNames = []) =>
        once(name, () => {
          const counter = new Counter({ name, help, labelNames, registers });
          return { add: (value, labels = {}) => counter.inc(labels, value) };
        }),
      gauge: (name, help, labelNames = []) =>
        once(name, () => {
          const gauge = new Gauge({ name, help, labelNames, registers });
          return {
            set: (value, labels = {}) => gauge.set(labels, value),
            add: (value, labels = {}) => gauge.inc(labels, value),
          };
        }),
      histogram: (name, help, buckets, labelNames = []) =>
        once(name, () => {
          const histogram = new Histogram({ name, help, buckets: [...buckets], labelNames, registers });
          return { observe: (value, labels = {}) => histogram.observe(labels, value) };
        }),
    },
  };
}
