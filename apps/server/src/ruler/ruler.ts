import type { Clock, Logger, Metrics } from "@sluice/model";
import { stepAlerts, type Alert } from "@sluice/rules";
import type { Running } from "@sluice/service";
import { GroupRunner, ruleKeys, type Evaluate, type GroupStatus } from "./group-runner.ts";
import { notificationsOf, type Notify } from "./notification.ts";
import { startOutbox } from "./outbox.ts";
import type { RulerConfig } from "./ruler-config.ts";
import { RulerState, type StateStorage } from "./ruler-state.ts";

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

/** The longest that a loop sleeps at a time: timers cannot take more than 24 days. */
const sleepMaxMs = 3_600_000;

/**
 * Starts a loop for each rule group and one that delivers what they have to tell.
 *
 * One message for each change, also over restarts, by this order: an evaluation's new alerts and its notifications
 * are saved together, as one file; then the notification is sent; then it is taken out of the file. A kill before the
 * first save leaves the old alerts, and the next evaluation finds the change again. A kill after it leaves the
 * notification, and the next start sends it. Only a kill between the receiver's answer and the last save sends a
 * message twice, with the same key.
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
  const loops = runners.map((runner) => runGroup(runner, options, stopping.signal));
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

/** Evaluates a group at every multiple of its interval; a round that takes longer makes it skip some. */
async function runGroup(
  runner: GroupRunner,
  { clock, metrics, tenant }: RulerOptions,
  signal: AbortSignal,
): Promise<void> {
  const { spec, intervalMs } = runner.status();
  const missed = metrics.counter("sluice_ruler_evaluations_missed_total", "Rounds skipped because one took too long.", [
    "rule_group",
  ]);
  const alerts = metrics.gauge("sluice_ruler_alerts", "Alerts by state.", ["rule_group", "state"]);
  const offsetMs = hashOf(`${tenant}/${spec.name}`) % intervalMs;
  let lastMs: number | undefined;
  for (;;) {
    const atMs = nextRoundMs(clock.nowMs(), lastMs, intervalMs, offsetMs);
    await sleepUntil(clock, atMs, signal);
    if (signal.aborted) {
      return;
    }
    if (lastMs !== undefined && atMs > lastMs + intervalMs) {
      missed.add((atMs - lastMs) / intervalMs - 1, { rule_group: spec.name });
    }
    lastMs = atMs;
    await runner.evaluateAt(atMs, signal);
    for (const wanted of ["pending", "firing"] as const) {
      const count = runner
        .status()
        .rules.flatMap((rule) => rule.alerts)
        .filter(({ state }) => state === wanted).length;
      alerts.set(count, { rule_group: spec.name, state: wanted });
    }
  }
}

/**
 * The first time after now, and after the last round, that is `offsetMs` past a multiple of the interval: so groups do
 * not all run at once, and a restart does not move them. A clock that was set back starts again from where it is.
 */
function nextRoundMs(nowMs: number, lastMs: number | undefined, intervalMs: number, offsetMs: number): number {
  const afterMs = lastMs === undefined || nowMs < lastMs - intervalMs ? nowMs : Math.max(nowMs, lastMs);
  return (Math.floor((afterMs - offsetMs) / intervalMs) + 1) * intervalMs + offsetMs;
}

async function sleepUntil(clock: Clock, atMs: number, signal: AbortSignal): Promise<void> {
  for (let leftMs = atMs - clock.nowMs(); leftMs > 0 && !signal.aborted; leftMs = atMs - clock.nowMs()) {
    await clock.sleep(Math.min(leftMs, sleepMaxMs), signal);
  }
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
      state.setAlerts({ group, ruleKey, alerts: [] }, nowMs, notifications);
    }
  }
  await state.save();
}

/** FNV-1a over UTF-16 units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash;
}
