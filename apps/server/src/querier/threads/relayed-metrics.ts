import type { MetricLabels, Metrics } from "@sluice/model";

/** What a thread has counted since it last told: a metric, and a value to add to it or, of a histogram, to observe. */
export interface MetricUpdate {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly buckets: readonly number[];
  readonly labels: MetricLabels;
  readonly values: readonly number[];
}

type Definition = Omit<MetricUpdate, "labels" | "values">;

interface Pending {
  readonly definition: Definition;
  readonly labels: MetricLabels;
  values: number[];
}

/** Observations of one histogram that wait to be told. */
const valuesMax = 1000;

/** The metrics of a thread, which has no registry: it gathers what another one adds to its own. */
export class RelayedMetrics implements Metrics {
  readonly #pending = new Map<string, Pending>();
  /** What gauges were set to. */
  readonly #levels = new Map<string, number>();

  counter: Metrics["counter"] = (name, help, labelNames = []) => {
    const definition = { kind: "counter", name, help, labelNames, buckets: [] } as const;
    return { add: (value, labels) => this.#add(definition, labels, value) };
  };

  /** Threads have gauges in common, so that what changes is told, and not what it is then. */
  gauge: Metrics["gauge"] = (name, help, labelNames = []) => {
    const definition = { kind: "gauge", name, help, labelNames, buckets: [] } as const;
    const change = (delta: number, labels?: MetricLabels): void => {
      const key = keyOf(name, labels);
      this.#levels.set(key, (this.#levels.get(key) ?? 0) + delta);
      this.#add(definition, labels, delta);
    };
    return {
      add: change,
      set: (value, labels) => change(value - (this.#levels.get(keyOf(name, labels)) ?? 0), labels),
    };
  };

  histogram: Metrics["histogram"] = (name, help, buckets, labelNames = []) => {
    const definition = { kind: "histogram", name, help, labelNames, buckets } as const;
    return {
      observe: (value, labels = {}) => {
        const { values } = this.#pendingOf(definition, labels);
        if (values.length < valuesMax) {
          values.push(value);
        }
      },
    };
  };

  /** What was counted since the last call. */
  take(): readonly MetricUpdate[] {
    const updates = [...this.#pending.values()].map(({ definition, labels, values }) => ({
      ...definition,
      labels,
      values,
    }));
    this.#pending.clear();
    return updates;
  }

  #add(definition: Definition, labels: MetricLabels = {}, value: number): void {
    if (value !== 0) {
      const pending = this.#pendingOf(definition, labels);
      pending.values = [(pending.values[0] ?? 0) + value];
    }
  }

  #pendingOf(definition: Definition, labels: MetricLabels): Pending {
    const key = keyOf(definition.name, labels);
    let pending = this.#pending.get(key);
    if (pending === undefined) {
      pending = { definition, labels, values: [] };
      this.#pending.set(key, pending);
    }
    return pending;
  }
}

function keyOf(name: string, labels: MetricLabels = {}): string {
  return JSON.stringify([name, labels]);
}

/** Adds what one thread has counted to the metrics of the process; takes back its part of the gauges when it ends. */
export class RelayedCounts {
  readonly #metrics: Metrics;
  readonly #levels = new Map<string, { readonly update: MetricUpdate; level: number }>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  apply(updates: readonly MetricUpdate[]): void {
    for (const update of updates) {
      const { kind, name, help, labelNames, buckets, labels, values } = update;
      if (kind === "histogram") {
        const histogram = this.#metrics.histogram(name, help, buckets, labelNames);
        for (const value of values) {
          histogram.observe(value, labels);
        }
        continue;
      }
      const value = values[0] ?? 0;
      this.#metrics[kind](name, help, labelNames).add(value, labels);
      if (kind === "gauge") {
        const key = keyOf(name, labels);
        const known = this.#levels.get(key) ?? { update, level: 0 };
        known.level += value;
        this.#levels.set(key, known);
      }
    }
  }

  /** The thread has ended. */
  end(): void {
    for (const { update, level } of this.#levels.values()) {
      this.#metrics.gauge(update.name, update.help, update.labelNames).add(-level, update.labels);
    }
    this.#levels.clear();
  }
}
