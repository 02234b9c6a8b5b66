import { compareLabels, printLabels, type Labels } from "@sluice/model";

/** What one sample of a rule's result says: the alert with these labels is active now. */
export interface ActiveSample {
  /** Labels of the sample and of the rule, with `alertname`: they identify the alert. */
  readonly labels: Labels;
  readonly annotations: Labels;
  /** The sample's value, printed with `printValue`. */
  readonly value: string;
}

/**
 * An alert that is not inactive. A plain immutable JSON value: storing it and reading it back gives the same alert.
 * Times are milliseconds since the epoch, of the evaluation at which something changed.
 */
export type Alert = PendingAlert | FiringAlert;

export interface PendingAlert extends ActiveSample {
  readonly state: "pending";
  readonly activeAtMs: number;
}

export interface FiringAlert extends ActiveSample {
  readonly state: "firing";
  readonly activeAtMs: number;
  readonly firedAtMs: number;
  /** First evaluation without the sample, while `keep_firing_for` keeps the alert. */
  readonly absentSinceMs?: number | undefined;
}

/** How long an alert waits before it fires, and before it is resolved. */
export interface HoldTimes {
  readonly forMs: number;
  readonly keepFiringForMs: number;
}

export interface Transition {
  /** `inactive`: a pending alert went away and never fired; `resolved`: a firing one did. */
  readonly to: "pending" | "firing" | "resolved" | "inactive";
  /** The alert after the change, or as it last was when it is gone. */
  readonly alert: Alert;
}

export interface AlertStep {
  /** Ascending by labels. Resolved and inactive alerts are not kept. */
  readonly alerts: readonly Alert[];
  readonly transitions: readonly Transition[];
}

/**
 * One evaluation of a rule: what the alerts are now, and what changed. The states and their order are Prometheus'
 * (rules/alerting.go): a new alert is pending for its `for`, counted from the first evaluation that saw it; a firing
 * one whose sample is missing is kept for `keep_firing_for`.
 *
 * @param samples the result of a successful evaluation, no label set twice. After a failed one the alerts stay as
 *   they are, and there is no step.
 * @param nowMs the time of the evaluation; it may stand still or go back, an alert then only waits longer.
 */
export function stepAlerts(
  previous: readonly Alert[],
  samples: readonly ActiveSample[],
  nowMs: number,
  hold: HoldTimes,
): AlertStep {
  const unseen = new Map(previous.map((alert) => [printLabels(alert.labels), alert]));
  const alerts: Alert[] = [];
  const transitions: Transition[] = [];
  for (const sample of samples) {
    const key = printLabels(sample.labels);
    const before = unseen.get(key);
    unseen.delete(key);
    const alert = stepPresent(before, sample, nowMs, hold.forMs);
    alerts.push(alert);
    if (alert.state !== before?.state) {
      transitions.push({ to: alert.state, alert });
    }
  }
  for (const before of unseen.values()) {
    const kept = stepAbsent(before, nowMs, hold.keepFiringForMs);
    if (kept === undefined) {
      transitions.push({ to: before.state === "firing" ? "resolved" : "inactive", alert: before });
    } else {
      alerts.push(kept);
    }
  }
  alerts.sort((a, b) => compareLabels(a.labels, b.labels));
  return { alerts, transitions };
}

/**
 * The alerts after a time in which nobody evaluated the rule: pending ones go on waiting where they stopped, since
 * nobody knows whether they were active all the time. Firing ones stay as they are.
 */
export function resumeAlerts(alerts: readonly Alert[], unwatchedMs: number): readonly Alert[] {
  return alerts.map((alert) =>
    alert.state === "pending" ? { ...alert, activeAtMs: alert.activeAtMs + unwatchedMs } : alert,
  );
}

function stepPresent(before: Alert | undefined, sample: ActiveSample, nowMs: number, forMs: number): Alert {
  const { labels, annotations, value } = sample;
  const activeAtMs = before?.activeAtMs ?? nowMs;
  if (before?.state === "firing") {
    return { labels, annotations, value, state: "firing", activeAtMs, firedAtMs: before.firedAtMs };
  }
  return nowMs - activeAtMs >= forMs
    ? { labels, annotations, value, state: "firing", activeAtMs, firedAtMs: nowMs }
    : { labels, annotations, value, state: "pending", activeAtMs };
}

function stepAbsent(before: Alert, nowMs: number, keepFiringForMs: number): Alert | undefined {
  if (before.state === "pending") {
    return undefined;
  }
  const absentSinceMs = before.absentSinceMs ?? nowMs;
  return nowMs - absentSinceMs < keepFiringForMs ? { ...before, absentSinceMs } : undefined;
}
