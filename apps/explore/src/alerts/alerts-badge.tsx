import type { AlertBody, Client } from "@sluice/api";
import { labelsFromRecord, printLabels } from "@sluice/model";
import { useEffect, useState, type ReactNode } from "react";
import { displayText } from "../log/display-text.ts";
import { durationText } from "../time/format-time.ts";
import controls from "../ui/controls.module.css";
import { Icon } from "../ui/icon.tsx";
import { Popover } from "../ui/popover.tsx";
import styles from "./alerts-badge.module.css";

const pollMs = 15_000;

export interface AlertsBadgeProps {
  readonly client: Client;
  readonly nowMs: () => number;
}

/** How many alerts fire, and which. A server without a ruler has none, and the badge is not there. */
export function AlertsBadge({ client, nowMs }: AlertsBadgeProps): ReactNode {
  const seen = useAlerts(client, nowMs);
  const [open, setOpen] = useState(false);
  if (seen === undefined) {
    return null;
  }
  const active = seen.alerts
    .filter(({ state }) => state !== "inactive")
    .sort((a, b) => rank(a) - rank(b) || Date.parse(b.activeAt) - Date.parse(a.activeAt));
  const firing = active.filter(({ state }) => state === "firing").length;
  return (
    <Popover
      label={
        <>
          <Icon name="bell" />
          Alerts
          {active.length > 0 && (
            <span className={styles["count"]} data-state={firing > 0 ? "firing" : "pending"} data-testid="alerts-count">
              {firing > 0 ? firing : active.length}
            </span>
          )}
        </>
      }
      buttonClass={controls["quiet"]}
      testId="alerts"
      title={firing > 0 ? `${firing} firing` : "No alert is firing"}
      open={open}
      onOpenChange={setOpen}
    >
      {() => (
        <ul className={styles["list"]}>
          {active.length === 0 && <li className={styles["none"]}>All quiet: no alert is firing.</li>}
          {active.map((alert) => (
            <Alert key={JSON.stringify(alert.labels)} alert={alert} nowMs={seen.atMs} />
          ))}
        </ul>
      )}
    </Popover>
  );
}

function Alert({ alert, nowMs }: { readonly alert: AlertBody; readonly nowMs: number }): ReactNode {
  const { labels, annotations, state, activeAt } = alert;
  const { alertname = "alert", ...others } = labels;
  const text = annotations["summary"] ?? annotations["description"] ?? "";
  return (
    <li className={styles["alert"]}>
      <h2>
        {alertname}
        <span className={styles["state"]} data-state={state}>
          {state}
        </span>
        <span className={styles["since"]}>for {durationText(nowMs - Date.parse(activeAt))}</span>
      </h2>
      {text !== "" && <p className={styles["text"]}>{displayText(text)}</p>}
      {Object.keys(others).length > 0 && <p className={styles["labels"]}>{printLabels(labelsFromRecord(others))}</p>}
    </li>
  );
}

interface SeenAlerts {
  readonly alerts: readonly AlertBody[];
  /** When they were. Milliseconds since the epoch. */
  readonly atMs: number;
}

/** Asks now and then while the page is in sight; undefined when the server has no answer. */
function useAlerts(client: Client, nowMs: () => number): SeenAlerts | undefined {
  const [seen, setSeen] = useState<SeenAlerts>();
  useEffect(() => {
    const abort = new AbortController();
    const ask = (): void => {
      if (!document.hidden) {
        client.alerts(abort.signal).then(
          (alerts) => setSeen({ alerts, atMs: nowMs() }),
          () => undefined,
        );
      }
    };
    ask();
    const timer = setInterval(ask, pollMs);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [client, nowMs]);
  return seen;
}

function rank({ state }: AlertBody): number {
  return state === "firing" ? 0 : 1;
}
