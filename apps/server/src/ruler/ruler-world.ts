import { labelsFromRecord, type QueryResult } from "@sluice/model";
import { quietLogger, quietMetrics, virtualClock, type VirtualClock } from "@sluice/testkit";
import type { Notification, Notify } from "./notification.ts";
import { RulerConfig } from "./ruler-config.ts";
import type { StateStorage } from "./ruler-state.ts";
import { startRuler, type Ruler, type RulerOptions } from "./ruler.ts";

// For tests: a ruler in a world of virtual time, with a query result and a memory to order.

export const minute = 60_000;
// A whole number of hours, so that the rounds of every test interval fall into known minutes.
export const startMs = 1_700_000_000_000 - (1_700_000_000_000 % 3_600_000);
export const expr = `sum(count_over_time({namespace="ai-prod"} |~ "error|rate_limited" [1m])) > 5`;

export function vector(...pods: readonly string[]): QueryResult {
  const samples = pods.map((pod) => ({ labels: labelsFromRecord({ pod }), timestampMs: 0, value: 7 }));
  return { type: "vector", samples };
}

/** A world in which the rule's expression is true in the given minutes (counted from the start). */
export interface World extends Pick<RulerOptions, "evaluate" | "clock"> {
  readonly clock: VirtualClock;
}

export function world(activeMinutes: readonly number[]): World {
  return {
    clock: virtualClock(startMs),
    evaluate: async (_expr, timeNs) => {
      const at = Math.floor((Number(timeNs / 1_000_000n) - startMs) / minute);
      return activeMinutes.includes(at) ? vector("a") : vector();
    },
  };
}

export function memoryStorage(text?: string): StateStorage & { text: string | undefined } {
  return {
    text,
    async load() {
      return this.text;
    },
    async save(next) {
      this.text = next;
    },
  };
}

export function configOf(rule: object = {}, section: object = {}): RulerConfig {
  return RulerConfig.parse({
    groups: [{ name: "ai", rules: [{ alert: "TooManyErrors", expr, ...rule }] }],
    ...section,
  });
}

export function start(options: Partial<RulerOptions> & World): Promise<Ruler> {
  return startRuler({
    config: configOf(),
    tenant: "fake",
    storage: memoryStorage(),
    notify: undefined,
    logger: quietLogger,
    metrics: quietMetrics,
    ...options,
  });
}

/** Takes everything and remembers it as `status@minute`. */
export function recorder(): { readonly notify: Notify; readonly told: string[] } {
  const told: string[] = [];
  return {
    told,
    async notify({ status, atMs }: Notification) {
      told.push(`${status}@${Math.floor((atMs - startMs) / minute)}`);
      return { outcome: "delivered" };
    },
  };
}
