import type { Clock, Logger, Metrics } from "@sluice/model";
import { stepAlerts, type Alert } from "@sluice/rules";
import type { Running } from "@sluice/service";
import { GroupRunner, ruleKeys, type Evaluate, type GroupStatus } from "./group-runner.ts";
import { notificationsOf, type Notify } from "./notification.ts";
import { startOutbox } from "./outbox.ts";
import type { RulerConfig } from "./ruler-config.ts";
import { RulerState, type StateStorage } from "./ruler-state.ts";
import { runRounds, scheduleOf } from "./schedule.ts";

export interface RulerOptions {
  readonly config: RulerConfig;
  readonly tenant: string;
  readonly evaluate: Evaluate;
  readonly storage: StateStorage;
  /** Undefined when nobody is to be told; the alerts are still there to be asked for. */
  readonly notify: Notify | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface Ruler extends Running {
  /** The groups in the order of the config, with the health of their rules. */
  groups(): readonly GroupStatus[];
  /** Every alert that is pending or firing. */
  alerts(): readonly Alert[];
}

/**
 * Starts a loop for each rule group and one that delivers what they have to tell.
 *
 * One message for each change, also over restarts, by this order: an evaluation's new alerts and its notifications
 * are saved together, as one file; then the notification is sent; then it is taken out of the file. A kill before the
 * first save leaves the old alerts, and the next evaluation finds the change again. A kill after it leaves the
 * notification, and the next start sends it. Only a message whose answer is lost, on the way or by a kill before the
 * last save, is sent twice, with the same key.
 */
export async function startRuler(options: RulerOptions): Promise<Ruler> {
  const { config, tenant, evaluate, storage, notify, clock, logger, metrics } = options;
  const state = await RulerState.open(storage, logger, metrics);
  await resolveOrphans(state, options);
  const outbox = notify === undefined ? undefined : startOutbox({ state, notify, clock, logger, metrics });
  const runners = config.groups.map((spec) => {
    const intervalMs = spec.interval ?? config.evaluation_interval;
    return new GroupRunner({ tenant, spec, intervalMs, evaluate, tell: outbox?.wake, state, clock, logger, metrics });
  });
  const stopping = new AbortController();
  const missed = metrics.counter("sluice_ruler_rounds_missed_total", "Rounds left out because one took too long.", [
    "rule_group",
  ]);
  const loops = runners.map((runner) => {
    const { spec, intervalMs } = runner.status();
    const schedule = scheduleOf(`${tenant}/${spec.name}`, intervalMs);
    return runRounds(schedule, clock, stopping.signal, async (atMs, missedCount) => {
      missed.add(missedCount, { rule_group: spec.name });
      await runner.evaluateAt(atMs, stopping.signal);
    });
  });
  return {
    groups: () => runners.map((runner) => runner.status()),
    alerts: () => runners.flatMap((runner) => runner.status().rules.flatMap(({ alerts }) => alerts)),
    async stop() {
      stopping.abort();
      await Promise.all(loops);
      await outbox?.stop();
      await state.save();
    },
  };
}

/** Alerts of rules that the config does not have any more: nobody will evaluate them again, so they are resolved. */
async function resolveOrphans(state: RulerState, { config, tenant, clock, notify }: RulerOptions): Promise<void> {
  const known = new Map(config.groups.map((spec) => [spec.name, new Set(ruleKeys(spec))]));
  const nowMs = clock.nowMs();
  for (const { group, ruleKey, alerts } of state.all()) {
    if (known.get(group)?.has(ruleKey) !== true) {
      const { transitions } = stepAlerts(alerts, [], nowMs, { forMs: 0, keepFiringForMs: 0 });
      const source = { tenant, group, ruleKey, name: ruleKey.slice(ruleKey.indexOf(" ") + 1) };
      const notifications = notify === undefined ? [] : notificationsOf(source, undefined, transitions, nowMs);
      // For the rules that are still there, the time without a ruler goes on.
      state.setAlerts({ group, ruleKey, alerts: [] }, state.evaluatedAtMs(group) ?? nowMs, notifications);
    }
  }
  await state.save();
}
