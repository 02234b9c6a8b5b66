import type { ReactNode } from "react";
import { groupDigits } from "../metric/scale.ts";
import type { LiveState } from "../session/live.ts";
import { durationText } from "../time/format-time.ts";
import controls from "../ui/controls.module.css";
import { Icon } from "../ui/icon.tsx";
import styles from "./live-bar.module.css";

export interface LiveBarProps {
  readonly state: LiveState;
  readonly onPause: (paused: boolean) => void;
  readonly onClear: () => void;
}

/** What the tail does: its state, its rate, and what was lost. */
export function LiveBar({ state, onPause, onClear }: LiveBarProps): ReactNode {
  const { phase, paused, rate, errorRate, history, dropped, reason } = state;
  return (
    <section className={styles["bar"]} data-phase={phase} data-paused={paused ? "" : undefined} aria-label="Live tail">
      <span className={styles["state"]} role="status" data-testid="live-state">
        <span className={styles["dot"]} />
        {stateText(state)}
      </span>
      <span className={styles["figure"]}>
        <b data-testid="live-rate">{rateText(rate)}</b> lines/s
      </span>
      <span className={`${styles["figure"]} ${errorRate > 0 ? styles["bad"] : ""}`}>
        <b>{rateText(errorRate)}</b> errors/s
      </span>
      <Spark history={history} />
      {dropped > 0 && (
        <span
          className={`${styles["figure"]} ${styles["bad"]}`}
          title="Lines that the server left out because this page was too slow"
        >
          <b>{groupDigits(dropped)}</b> dropped
        </span>
      )}
      {reason !== "" && phase !== "ended" && <span className={styles["reason"]}>{reason}</span>}
      <span className={styles["buttons"]}>
        <button
          type="button"
          className={`${controls["button"]} ${paused ? controls["pressed"] : ""}`}
          data-testid="pause"
          aria-pressed={paused}
          title="Space"
          onClick={() => onPause(!paused)}
        >
          <Icon name={paused ? "play" : "pause"} />
          {paused ? "Resume" : "Pause"}
        </button>
        <button type="button" className={controls["button"]} data-testid="clear" onClick={onClear}>
          <Icon name="trash" />
          Clear
        </button>
      </span>
    </section>
  );
}

/** What an empty list says. */
export function waitingText({ phase, lastLineMs }: LiveState, nowMs: number): string {
  if (phase === "connecting") {
    return "Connecting …";
  }
  return lastLineMs === 0
    ? "Connected. The next matching line will appear here."
    : `Connected. No matching line for ${durationText(nowMs - lastLineMs)}.`;
}

function stateText({ phase, paused, attempt }: LiveState): string {
  switch (phase) {
    case "idle":
      return "Off";
    case "connecting":
      return "Connecting";
    case "live":
      return paused ? "Paused" : "Live";
    case "reconnecting":
      return `Reconnecting (${attempt})`;
    case "ended":
      return "Ended";
  }
}

function rateText(rate: number): string {
  return rate === 0 ? "0" : rate < 10 ? rate.toFixed(1) : groupDigits(Math.round(rate));
}

/** Lines in each of the last sixty seconds. */
function Spark({ history }: { readonly history: readonly number[] }): ReactNode {
  const highest = Math.max(1, ...history);
  const path = history
    .map((count, i) =>
      count === 0
        ? ""
        : `M${i * 3} 28v${-Math.max(1, (count / highest) * 28)}h2v${Math.max(1, (count / highest) * 28)}z`,
    )
    .join("");
  return (
    <svg
      className={styles["spark"]}
      viewBox="0 0 180 28"
      preserveAspectRatio="none"
      role="img"
      aria-label={`At most ${highest} lines in one of the last 60 seconds`}
    >
      <path d={path} />
    </svg>
  );
}
