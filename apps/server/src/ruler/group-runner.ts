import {
  messageOf,
  ServiceError,
  type Clock,
  type Counter,
  type Gauge,
  type Logger,
  type Metrics,
  type QueryResult,
} from "@sluice/model";
import {
  activeSamples,
  compileRule,
  resumeAlerts,
  stepAlerts,
  type Alert,
  type AlertRule,
  type RuleGroupSpec,
} from "@sluice/rules";
import { notificationsOf } from "./notification.ts";
import type { RulerState } from "./ruler-state.ts";

/**
 * Runs an instant query at a time in nanoseconds since the epoch. Must settle by itself within the query timeout, and
 * soon after the signal aborts.
 */
export type Evaluate = (expr: string, timeNs: bigint, signal: AbortSignal) => Promise<QueryResult>;

/** A rule group as the API shows it. */
export interface GroupStatus {
  readonly spec: RuleGroupSpec;
  readonly intervalMs: number;
  readonly lastEvaluation: Evaluation | undefined;
  readonly rules: readonly RuleStatus[];
}

export interface RuleStatus {
  readonly rule: AlertRule;
  readonly alerts: readonly Alert[];
  readonly lastEvaluation: Evaluation | undefined;
  /** Why the last evaluation failed; undefined when it did not. */
  readonly lastError: string | undefined;
}

export interface Evaluation {
  readonly atMs: number;
  readonly tookMs: number;
}

export interface GroupRunnerOptions {
  readonly tenant: string;
  readonly spec: RuleGroupSpec;
  readonly intervalMs: number;
  readonly evaluate: Evaluate;
  /** Says that there are notifications in the state; undefined when nobody is to be told and none are made. */
  readonly tell: (() => void) | undefined;
  readonly state: RulerState;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface RunningRule {
  readonly key: string;
  readonly rule: AlertRule;
  lastEvaluation: Evaluation | undefined;
  lastError: string | undefined;
}

/** Evaluates the rules of one group, one after the other, and keeps how that went. The alerts are in the state. */
export class GroupRunner {
  readonly #options: GroupRunnerOptions;
  readonly #rules: readonly RunningRule[];
  readonly #evaluations: Counter;
  readonly #failures: Counter;
  readonly #roundSeconds: Gauge;
  readonly #alerts: Gauge;
  #lastEvaluation: Evaluation | undefined;

  constructor(options: GroupRunnerOptions) {
    this.#options = options;
    const { metrics } = options;
    const labelNames = ["rule_group"];
    this.#evaluations = metrics.counter("sluice_ruler_evaluations_total", "Rule evaluations.", labelNames);
    this.#failures = metrics.counter(
      "sluice_ruler_evaluation_failures_total",
      "Rule evaluations that failed.",
      labelNames,
    );
    this.#roundSeconds = metrics.gauge(
      "sluice_ruler_group_last_evaluation_seconds",
      "Seconds that the last round of a group took.",
      labelNames,
    );
    this.#alerts = metrics.gauge("sluice_ruler_alerts", "Alerts by state.", ["rule_group", "state"]);
    const keys = ruleKeys(options.spec);
    this.#rules = options.spec.rules.map((spec, index) => ({
      key: keys[index]!,
      rule: compileRule(spec),
      lastEvaluation: undefined,
      lastError: undefined,
    }));
  }

  /**
   * One round of the group. Never rejects because of a rule: what goes wrong is that rule's health, and its alerts
   * stay as they were.
   *
   * @param atMs time of the round, for the queries and for the alerts.
   */
  async evaluateAt(atMs: number, signal: AbortSignal): Promise<void> {
    const { clock, spec, state } = this.#options;
    const startedMs = clock.nowMs();
    if (this.#lastEvaluation === undefined) {
      this.#resume(atMs);
    }
    for (const running of this.#rules) {
      if (signal.aborted) {
        return;
      }
      await this.#evaluateRule(running, atMs, signal);
    }
    await state.save();
    this.#lastEvaluation = { atMs, tookMs: clock.nowMs() - startedMs };
    this.#roundSeconds.set(this.#lastEvaluation.tookMs / 1000, { rule_group: spec.name });
    const states = this.#rules.flatMap(({ key }) => state.alertsOf(spec.name, key).map((alert) => alert.state));
    const firingCount = states.filter((alertState) => alertState === "firing").length;
    this.#alerts.set(firingCount, { rule_group: spec.name, state: "firing" });
    this.#alerts.set(states.length - firingCount, { rule_group: spec.name, state: "pending" });
  }

  status(): GroupStatus {
    const { spec, intervalMs, state } = this.#options;
    return {
      spec,
      intervalMs,
      lastEvaluation: this.#lastEvaluation,
      rules: this.#rules.map(({ key, rule, lastEvaluation, lastError }) => ({
        rule,
        alerts: state.alertsOf(spec.name, key),
        lastEvaluation,
        lastError,
      })),
    };
  }

  /** Time that passed while no ruler ran (more than one interval since the last round) does not count for `for`. */
  #resume(atMs: number): void {
    const { spec, intervalMs, state } = this.#options;
    const evaluatedAtMs = state.evaluatedAtMs(spec.name);
    const unwatchedMs = evaluatedAtMs === undefined ? 0 : atMs - evaluatedAtMs - intervalMs;
    if (unwatchedMs <= 0) {
      return;
    }
    for (const { key } of this.#rules) {
      const alerts = resumeAlerts(state.alertsOf(spec.name, key), unwatchedMs);
      if (alerts.length > 0) {
        state.setAlerts({ group: spec.name, ruleKey: key, alerts }, atMs, []);
      }
    }
  }

  async #evaluateRule(running: RunningRule, atMs: number, signal: AbortSignal): Promise<void> {
    const { clock, evaluate, logger, spec } = this.#options;
    const { rule } = running;
    const startedMs = clock.nowMs();
    const labels = { rule_group: spec.name };
    this.#evaluations.add(1, labels);
    try {
      const result = await evaluate(rule.spec.expr ?? "", BigInt(atMs) * 1_000_000n, signal);
      await this.#apply(running, result, atMs);
      running.lastError = undefined;
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      running.lastError = messageOf(error);
      this.#failures.add(1, labels);
      logger.warn("rule evaluation failed", { group: spec.name, rule: rule.name, error: running.lastError });
    }
    running.lastEvaluation = { atMs, tookMs: clock.nowMs() - startedMs };
  }

  async #apply({ key, rule }: RunningRule, result: QueryResult, atMs: number): Promise<void> {
    const { spec, state, tell, tenant } = this.#options;
    const samples = activeSamples(rule, result);
    const limit = spec.limit ?? 0;
    if (limit > 0 && samples.length > limit) {
      throw new ServiceError("unprocessable", `exceeded limit of ${limit} with ${samples.length} alerts`);
    }
    const before = state.alertsOf(spec.name, key);
    const { alerts, transitions } = stepAlerts(before, samples, atMs, rule);
    if (before.length === 0 && alerts.length === 0) {
      return;
    }
    const source = { tenant, group: spec.name, ruleKey: key, name: rule.name };
    const notifications = tell === undefined ? [] : notificationsOf(source, rule, transitions, atMs);
    state.setAlerts({ group: spec.name, ruleKey: key, alerts }, atMs, notifications);
    // What changed is saved before anybody is told of it.
    if (transitions.length > 0) {
      await state.save();
      tell?.();
    }
  }
}

/**
 * Names the rules of a group for the state: by their place among the rules of the same name, and the name. So a rule
 * keeps its alerts when others are added, and when its expression is edited.
 */
export function ruleKeys(spec: RuleGroupSpec): readonly string[] {
  const seen = new Map<string, number>();
  return spec.rules.map(({ alert = "" }) => {
    const place = seen.get(alert) ?? 0;
    seen.set(alert, place + 1);
    return `${place} ${alert}`;
  });
}
