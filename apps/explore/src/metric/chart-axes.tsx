import type { ReactNode } from "react";
import { tickText } from "../time/format-time.ts";
import type { TimeZone } from "../time/zone.ts";
import styles from "./chart-axes.module.css";
import type { TimeTicks } from "./scale.ts";

export interface ChartAxesProps {
  /** Where the plot begins and ends, pixels; the numbers stand left of it. */
  readonly startX: number;
  readonly endX: number;
  /** Where the times stand. */
  readonly timesY: number;
  readonly values: readonly number[];
  readonly valueText: (value: number) => string;
  readonly yOf: (value: number) => number;
  readonly times: TimeTicks;
  readonly timeZone: TimeZone;
  readonly xOf: (ms: number) => number;
}

/** The lines across a chart with their numbers, and the times below it. */
export function ChartAxes(props: ChartAxesProps): ReactNode {
  const { startX, endX, timesY, values, valueText, yOf, times, timeZone, xOf } = props;
  return (
    <>
      {values.map((value) => (
        <g key={value}>
          <line className={styles["grid"]} x1={startX} x2={endX} y1={yOf(value)} y2={yOf(value)} />
          <text className={styles["axis"]} x={startX - 8} y={yOf(value) + 3.5} textAnchor="end">
            {valueText(value)}
          </text>
        </g>
      ))}
      {times.ticks.map((ms) => (
        <text key={ms} className={styles["axis"]} x={Math.min(xOf(ms), endX - 16)} y={timesY} textAnchor="middle">
          {tickText(ms, timeZone, times.stepMs)}
        </text>
      ))}
    </>
  );
}
