import { labelsFrom, labelValue, type Labels } from "@sluice/model";
import type { Alert, AlertRule, Transition } from "@sluice/rules";

/** What one evaluation of one rule has to say to people: alerts that began to fire, or that were resolved. Plain JSON. */
export interface Notification {
  /** The same for the same change, also after a restart; a receiver may drop what it has seen. */
  readonly key: string;
  readonly status: "firing" | "resolved";
  readonly group: string;
  /** Name of the alert. */
  readonly name: string;
  /** Time of the evaluation. */
  readonly atMs: number;
  /** How many alerts changed; `alerts` holds the first of them only. */
  readonly alertCount: number;
  readonly alerts: readonly Alert[];
  /** Labels that all of the changed alerts have. */
  readonly commonLabels: Labels;
  /** The lines behind it; absent when the rule reads none, or is no longer there. */
  readonly logs?: LogRange | undefined;
}

export interface LogRange {
  readonly query: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What became of one attempt to deliver a notification. */
export type DeliveryResult =
  | { readonly outcome: "delivered" }
  /** Not now; `afterMs` when the receiver said when. */
  | { readonly outcome: "retry"; readonly reason: string; readonly afterMs?: number | undefined }
  /** Never: the receiver will not take it. */
  | { readonly outcome: "refused"; readonly reason: string };

/** Makes one attempt, bounded in time; does not reject for anything that the receiver or the network does. */
export type Notify = (notification: Notification, signal: AbortSignal) => Promise<DeliveryResult>;

/** Alerts that one notification carries whole; of the rest only the number is told. */
const alertsMax = 10;

/** One notification for all alerts that began to fire, and one for all that were resolved. */
export function notificationsOf(
  source: { readonly tenant: string; readonly group: string; readonly ruleKey: string; readonly name: string },
  rule: AlertRule | undefined,
  transitions: readonly Transition[],
  atMs: number,
): readonly Notification[] {
  return (["resolved", "firing"] as const).flatMap((status) => {
    const alerts = transitions.filter(({ to }) => to === status).map(({ alert }) => alert);
    if (alerts.length === 0) {
      return [];
    }
    return [
      {
        key: [source.tenant, source.group, source.ruleKey, status, atMs].join("/").toWellFormed(),
        status,
        group: source.group,
        name: source.name,
        atMs,
        alertCount: alerts.length,
        alerts: alerts.slice(0, alertsMax),
        commonLabels: commonLabelsOf(alerts),
        logs: logsOf(rule, alerts, atMs),
      },
    ];
  });
}

function commonLabelsOf(alerts: readonly Alert[]): Labels {
  return labelsFrom(
    alerts[0]!.labels.filter(({ name, value }) => alerts.every((alert) => labelValue(alert.labels, name) === value)),
  );
}

/** From the first line that the oldest alert's first evaluation counted, to the last one that the change rests on. */
function logsOf(rule: AlertRule | undefined, alerts: readonly Alert[], atMs: number): LogRange | undefined {
  const logs = rule?.query.logs;
  if (logs === undefined) {
    return undefined;
  }
  const activeAtMs = Math.min(...alerts.map((alert) => alert.activeAtMs));
  // An offset may have parts of milliseconds, a link has none.
  return {
    query: logs.query,
    fromMs: Math.floor(activeAtMs - logs.offsetMs - logs.rangeMs),
    toMs: Math.ceil(atMs - logs.offsetMs),
  };
}
