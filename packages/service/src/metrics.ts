import type { MetricLabels, Metrics } from "@sluice/model";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

export interface MetricsRegistry {
  /** The port that parts count with. Asking for a name again gives the same metric. */
  readonly metrics: Metrics;
  readonly contentType: string;
  /** Prometheus text format. */
  render(): Promise<string>;
}

export interface MetricsOptions {
  /**
   * Different values that the label `tenant` may take; those that come later count as `other`. Whoever may choose a
   * tenant's name must not be able to fill the memory with series.
   */
  readonly tenantsMax?: number;
}

/** A registry with the process' own metrics (CPU, memory, event loop) in it. */
export function createMetrics({ tenantsMax = 1000 }: MetricsOptions = {}): MetricsRegistry {
  const registry = new Registry();
  const bounded = boundTenants(tenantsMax);
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
          return { add: (value, labels = {}) => counter.inc(bounded(labels), value) };
        }),
      gauge: (name, help, labelNames = []) =>
        once(name, () => {
          const gauge = new Gauge({ name, help, labelNames, registers });
          return {
            set: (value, labels = {}) => gauge.set(bounded(labels), value),
            add: (value, labels = {}) => gauge.inc(bounded(labels), value),
          };
        }),
      histogram: (name, help, buckets, labelNames = []) =>
        once(name, () => {
          const histogram = new Histogram({ name, help, buckets: [...buckets], labelNames, registers });
          return { observe: (value, labels = {}) => histogram.observe(bounded(labels), value) };
        }),
    },
  };
}

function boundTenants(tenantsMax: number): (labels: MetricLabels) => MetricLabels {
  const known = new Set<string>();
  return (labels) => {
    const { tenant } = labels;
    if (tenant === undefined || known.has(tenant)) {
      return labels;
    }
    if (known.size < tenantsMax) {
      known.add(tenant);
      return labels;
    }
    return { ...labels, tenant: "other" };
  };
}
