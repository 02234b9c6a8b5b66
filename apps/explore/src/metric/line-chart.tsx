import { useState, type ReactNode } from "react";
import { dateTimeText } from "../time/format-time.ts";
import { zoneOffsetMs, type TimeZone } from "../time/zone.ts";
import { useElementSize } from "../ui/use-element-size.ts";
import { ChartAxes } from "./chart-axes.tsx";
import styles from "./metric-panel.module.css";
import { niceTicks, numberText, timeTicks } from "./scale.ts";

export interface ChartSeries {
  readonly name: string;
  readonly color: string;
  /** Ascending by time: milliseconds and value. */
  readonly points: readonly (readonly [ms: number, value: number])[];
}

export interface LineChartProps {
  readonly series: readonly ChartSeries[];
  readonly startMs: number;
  readonly endMs: number;
  /** Points further apart than this are not joined: there was no value between them. */
  readonly stepMs: number;
  readonly timeZone: TimeZone;
}

const axisWidth = 56;
const axisHeight = 22;
const tipSeriesMax = 12;

/** Lines over time with a crosshair that reads the values under the pointer. */
export function LineChart({ series, startMs, endMs, stepMs, timeZone }: LineChartProps): ReactNode {
  const [plotRef, width, height] = useElementSize<HTMLDivElement>();
  const [hoverMs, setHoverMs] = useState<number>();
  const plotWidth = Math.max(1, width - axisWidth);
  const plotHeight = Math.max(1, height - axisHeight);
  const [low, high] = bounds(series);
  const ticksY = niceTicks(low, high, Math.max(2, Math.floor(plotHeight / 50)));
  const bottom = Math.min(low, ticksY[0] ?? low);
  const times = timeTicks(startMs, endMs, Math.max(2, Math.floor(plotWidth / 100)), zoneOffsetMs(timeZone, startMs));
  const xOf = (ms: number): number => axisWidth + ((ms - startMs) / (endMs - startMs)) * plotWidth;
  const yOf = (value: number): number => plotHeight - ((value - bottom) / (high - bottom)) * (plotHeight - 6);

  return (
    <div className={styles["plot"]} ref={plotRef} data-testid="chart">
      <svg
        className={styles["svg"]}
        role="img"
        aria-label={`${series.length} series`}
        onPointerMove={(event) => {
          const x = event.clientX - event.currentTarget.getBoundingClientRect().left - axisWidth;
          const ms = startMs + (x / plotWidth) * (endMs - startMs);
          setHoverMs(x < 0 || x > plotWidth ? undefined : startMs + Math.round((ms - startMs) / stepMs) * stepMs);
        }}
        onPointerLeave={() => setHoverMs(undefined)}
      >
        <ChartAxes
          startX={axisWidth}
          endX={width}
          timesY={height - 5}
          values={ticksY}
          valueText={numberText}
          yOf={yOf}
          times={times}
          timeZone={timeZone}
          xOf={xOf}
        />
        <rect x={axisWidth} y={0} width={plotWidth} height={plotHeight} fill="transparent" />
        {hoverMs !== undefined && (
          <line className={styles["cross"]} x1={xOf(hoverMs)} x2={xOf(hoverMs)} y1={0} y2={plotHeight} />
        )}
        {series.length === 1 && series[0]!.points.length > 1 && low >= 0 && (
          <path
            className={styles["area"]}
            fill={series[0]!.color}
            d={areaPath(series[0]!, stepMs, xOf, yOf, plotHeight)}
          />
        )}
        {series.map(({ name, color, points }) => (
          <path key={name} className={styles["series"]} stroke={color} d={linePath(points, stepMs, xOf, yOf)} />
        ))}
      </svg>
      {hoverMs !== undefined && (
        <Tip series={series} ms={hoverMs} stepMs={stepMs} timeZone={timeZone} x={xOf(hoverMs)} width={width} />
      )}
    </div>
  );
}

interface TipProps {
  readonly series: readonly ChartSeries[];
  readonly ms: number;
  readonly stepMs: number;
  readonly timeZone: TimeZone;
  readonly x: number;
  readonly width: number;
}

function Tip({ series, ms, stepMs, timeZone, x, width }: TipProps): ReactNode {
  const values = series
    .flatMap(({ name, color, points }) => {
      const point = points.find(([at]) => Math.abs(at - ms) <= stepMs / 2);
      return point === undefined ? [] : [{ name, color, at: point[0], value: point[1] }];
    })
    .sort((a, b) => b.value - a.value);
  const side = x > width / 2 ? { right: width - x + 12 } : { left: x + 12 };
  return (
    <div className={styles["tip"]} style={side}>
      {dateTimeText(values[0]?.at ?? ms, timeZone)}
      {values.slice(0, tipSeriesMax).map(({ name, color, value }) => (
        <div key={name} className={styles["entry"]}>
          <span className={styles["swatch"]} style={{ background: color }} />
          {name}
          <b>{numberText(value)}</b>
        </div>
      ))}
      {values.length > tipSeriesMax && <div>and {values.length - tipSeriesMax} more</div>}
    </div>
  );
}

function bounds(series: readonly ChartSeries[]): readonly [low: number, high: number] {
  let low = 0;
  let high = -Infinity;
  for (const { points } of series) {
    for (const [, value] of points) {
      if (Number.isFinite(value)) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
  }
  return high <= low ? [low, low + 1] : [low, high];
}

function linePath(
  points: ChartSeries["points"],
  stepMs: number,
  xOf: (ms: number) => number,
  yOf: (value: number) => number,
): string {
  let path = "";
  let before = -Infinity;
  for (const [ms, value] of points) {
    if (!Number.isFinite(value)) {
      before = -Infinity;
      continue;
    }
    const x = Math.round(xOf(ms) * 10) / 10;
    const y = Math.round(yOf(value) * 10) / 10;
    const joined = ms - before <= stepMs * 1.5;
    // A point without neighbours is a dot.
    path += joined ? `L${x} ${y}` : `M${x} ${y}h0`;
    before = ms;
  }
  return path;
}

function areaPath(
  { points }: ChartSeries,
  stepMs: number,
  xOf: (ms: number) => number,
  yOf: (value: number) => number,
  bottom: number,
): string {
  const runs: (readonly [number, number])[][] = [];
  let before = -Infinity;
  for (const point of points) {
    if (point[0] - before > stepMs * 1.5 || runs.length === 0) {
      runs.push([]);
    }
    runs.at(-1)!.push(point);
    before = point[0];
  }
  return runs
    .map((run) => {
      const line = run.map(([ms, value]) => `L${xOf(ms).toFixed(1)} ${yOf(value).toFixed(1)}`).join("");
      return `M${xOf(run[0]![0]).toFixed(1)} ${bottom}${line}L${xOf(run.at(-1)![0]).toFixed(1)} ${bottom}z`;
    })
    .join("");
}
