import { printTimePoint, type ExploreState, type TimePoint } from "@sluice/api";
import { nsPerMs } from "@sluice/model";
import { useState, type FormEvent, type ReactNode } from "react";
import { dateTimeText, rangeText } from "../time/format-time.ts";
import { parseRangeInput, parseTimeInput } from "../time/range-input.ts";
import { offsetText, type TimeZone } from "../time/zone.ts";
import controls from "./controls.module.css";
import { Icon } from "./icon.tsx";
import { Popover } from "./popover.tsx";
import styles from "./time-range.module.css";
import type { Navigate } from "./use-explore-url.ts";

export interface TimeRangeProps {
  readonly state: ExploreState;
  readonly navigate: Navigate;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const presets: readonly (readonly [label: string, ms: number])[] = [
  ["5 minutes", 5 * minuteMs],
  ["15 minutes", 15 * minuteMs],
  ["1 hour", hourMs],
  ["3 hours", 3 * hourMs],
  ["6 hours", 6 * hourMs],
  ["12 hours", 12 * hourMs],
  ["24 hours", dayMs],
  ["2 days", 2 * dayMs],
  ["7 days", 7 * dayMs],
  ["30 days", 30 * dayMs],
];

/** Which time is searched: presets, one field that reads what people type, both ends, and the zone. */
export function TimeRange({ state, navigate, open, onOpenChange }: TimeRangeProps): ReactNode {
  const [nowMs] = useState(() => Date.now());
  return (
    <Popover
      label={
        <>
          <Icon name="clock" />
          {rangeLabel(state)}
          <span className={styles["zone"]}>{offsetText(state.timeZone, nowMs)}</span>
          <Icon name="chevron" />
        </>
      }
      buttonClass={controls["button"]}
      testId="time-range"
      open={open}
      onOpenChange={onOpenChange}
    >
      {(close) => <TimeRangePanel state={state} navigate={navigate} close={close} />}
    </Popover>
  );
}

/** `Last 1 hour`, or both ends. */
export function rangeLabel({ from, to, timeZone }: ExploreState): string {
  if (from.type === "relative" && to.type === "relative" && to.beforeNowMs === 0) {
    const preset = presets.find(([, ms]) => ms === from.beforeNowMs);
    return `Last ${preset?.[0] ?? printTimePoint(from).replace("now-", "")}`;
  }
  if (from.type === "absolute" && to.type === "absolute") {
    return rangeText(Number(from.ns / nsPerMs), Number(to.ns / nsPerMs), timeZone);
  }
  return `${pointText(from, timeZone)} – ${pointText(to, timeZone)}`;
}

function TimeRangePanel({
  state,
  navigate,
  close,
}: {
  readonly state: ExploreState;
  readonly navigate: Navigate;
  readonly close: () => void;
}): ReactNode {
  const { timeZone } = state;
  const [typed, setTyped] = useState("");
  const [from, setFrom] = useState(pointText(state.from, timeZone));
  const [to, setTo] = useState(pointText(state.to, timeZone));
  const [wrong, setWrong] = useState<"typed" | "from" | "to">();

  function go(from: TimePoint, to: TimePoint): void {
    navigate({ from, to, live: false, line: "" });
    close();
  }

  function onTyped(event: FormEvent): void {
    event.preventDefault();
    const range = parseRangeInput(typed, timeZone, Date.now());
    if (range === undefined) {
      setWrong("typed");
    } else {
      go(range.from, range.to);
    }
  }

  function onEnds(event: FormEvent): void {
    event.preventDefault();
    const first = parseTimeInput(from, timeZone, Date.now());
    const last = parseTimeInput(to, timeZone, Date.now());
    if (first === undefined || last === undefined) {
      setWrong(first === undefined ? "from" : "to");
    } else {
      go(first, last);
    }
  }

  return (
    <div className={styles["panel"]}>
      <div className={styles["form"]}>
        <form onSubmit={onTyped}>
          <label>
            Range
            <input
              autoFocus
              className={controls["input"]}
              data-testid="time-input"
              value={typed}
              placeholder="2h, 14:05-14:20, yesterday …"
              aria-invalid={wrong === "typed"}
              onChange={(event) => {
                setTyped(event.target.value);
                setWrong(undefined);
              }}
            />
          </label>
          {wrong === "typed" && (
            <p className={styles["hint"]} role="alert">
              Try <b>2h</b>, <b>14:05-14:20</b>, <b>today</b>, or <b>2026-01-05 10:00 to 2026-01-05 11:00</b>.
            </p>
          )}
        </form>
        <form onSubmit={onEnds} className={styles["ends"]}>
          <label>
            From
            <input
              className={controls["input"]}
              value={from}
              aria-invalid={wrong === "from"}
              onChange={(event) => setFrom(event.target.value)}
            />
          </label>
          <label>
            To
            <input
              className={controls["input"]}
              value={to}
              aria-invalid={wrong === "to"}
              onChange={(event) => setTo(event.target.value)}
            />
          </label>
          <p className={styles["actions"]}>
            <button type="submit" className={controls["button"]}>
              Apply
            </button>
          </p>
        </form>
        <label>
          Time zone
          <select
            className={controls["input"]}
            data-testid="time-zone"
            value={timeZone}
            onChange={(event) => navigate({ timeZone: event.target.value }, { replace: true })}
          >
            <option value="local">Local ({new Intl.DateTimeFormat().resolvedOptions().timeZone})</option>
            {zonesOf(timeZone).map((zone) => (
              <option key={zone}>{zone}</option>
            ))}
          </select>
        </label>
      </div>
      <div className={styles["presets"]}>
        {presets.map(([label, ms]) => (
          <button
            key={ms}
            type="button"
            aria-current={state.from.type === "relative" && state.from.beforeNowMs === ms && isNow(state.to)}
            onClick={() => go({ type: "relative", beforeNowMs: ms }, { type: "relative", beforeNowMs: 0 })}
          >
            {label}
          </button>
        ))}
      </div>
    </div>
  );
}

function zonesOf(current: TimeZone): readonly string[] {
  const zones = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];
  return current === "local" || zones.includes(current) ? zones : [current, ...zones];
}

function isNow(point: TimePoint): boolean {
  return point.type === "relative" && point.beforeNowMs === 0;
}

function pointText(point: TimePoint, timeZone: TimeZone): string {
  return point.type === "relative" ? printTimePoint(point) : dateTimeText(Number(point.ns / nsPerMs), timeZone);
}
