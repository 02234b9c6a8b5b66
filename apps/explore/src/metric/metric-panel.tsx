import { useMemo, useState, type ReactNode } from "react";
import type { SearchRequest, SearchResult } from "../session/search.ts";
import { nsPerMs } from "@sluice/model";
import { durationText } from "../time/format-time.ts";
import type { TimeZone } from "../time/zone.ts";
import controls from "../ui/controls.module.css";
import { LineChart, type ChartSeries } from "./line-chart.tsx";
import styles from "./metric-panel.module.css";
import { groupDigits, numberText } from "./scale.ts";
import { seriesName } from "./series-name.ts";

export interface MetricPanelProps {
  readonly result: Exclude<SearchResult, { readonly type: "logs" }>;
  readonly request: SearchRequest;
  readonly timeZone: TimeZone;
  readonly elapsedMs: number;
  readonly stale: boolean;
  readonly onInstant: (instant: boolean) => void;
}

/** Lines that can still be told apart, and paths that a browser draws at once. */
const drawnMax = 40;

const palette = [
  "light-dark(#0e7490, #2fb4d1)",
  "light-dark(#c2571a, #f0914f)",
  "light-dark(#5b53c6, #9d97f5)",
  "light-dark(#3d8b3d, #74c274)",
  "light-dark(#b83280, #ec79b8)",
  "light-dark(#997404, #d9b23c)",
  "light-dark(#a33b3b, #ec8484)",
  "light-dark(#4a6a8a, #93b4d4)",
];

/** A metric query's answer: a chart over time with a table, or the table of one instant. */
export function MetricPanel({ result, request, timeZone, elapsedMs, stale, onInstant }: MetricPanelProps): ReactNode {
  return (
    <section className={`${styles["panel"]} ${stale ? styles["stale"] : ""}`} aria-label="Metric">
      <div className={styles["bar"]}>
        <span data-testid="status" role="status">
          {statusText(result)} · {durationText(elapsedMs)}
        </span>
        <span className={styles["tabs"]}>
          <button
            type="button"
            className={controls["quiet"]}
            aria-pressed={!request.instant}
            onClick={() => onInstant(false)}
          >
            Over time
          </button>
          <button
            type="button"
            className={controls["quiet"]}
            aria-pressed={request.instant}
            onClick={() => onInstant(true)}
          >
            At the end
          </button>
        </span>
      </div>
      {result.type === "matrix" && <MatrixView result={result} request={request} timeZone={timeZone} />}
      {result.type === "vector" && (
        <ValueTable rows={result.samples.map(({ metric, value: [, text] }) => [seriesName(metric), Number(text)])} />
      )}
      {result.type === "scalar" && <p className={styles["single"]}>{numberText(Number(result.sample[1]))}</p>}
    </section>
  );
}

function statusText(result: MetricPanelProps["result"]): ReactNode {
  if (result.type === "scalar") {
    return "1 value";
  }
  const count = result.type === "matrix" ? result.series.length : result.samples.length;
  return count === 0 ? "No series: nothing to count in this range" : `${groupDigits(count)} series`;
}

interface MatrixViewProps {
  readonly result: Extract<SearchResult, { readonly type: "matrix" }>;
  readonly request: SearchRequest;
  readonly timeZone: TimeZone;
}

function MatrixView({ result, request, timeZone }: MatrixViewProps): ReactNode {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const series = useMemo(() => chartSeries(result), [result]);
  if (series.length === 0) {
    return null;
  }
  const toggle = (name: string): void => setHidden((before) => before.symmetricDifference(new Set([name])));
  return (
    <>
      <LineChart
        series={series.slice(0, drawnMax).filter(({ name }) => !hidden.has(name))}
        startMs={Number(request.startNs / nsPerMs)}
        endMs={Number(request.endNs / nsPerMs)}
        stepMs={result.stepMs}
        timeZone={timeZone}
      />
      <table className={styles["table"]}>
        <thead>
          <tr>
            <th>Series{series.length > drawnMax ? ` (the first ${drawnMax} are drawn)` : ""}</th>
            <th className={styles["number"]}>Last</th>
            <th className={styles["number"]}>Lowest</th>
            <th className={styles["number"]}>Highest</th>
          </tr>
        </thead>
        <tbody>
          {series.map(({ name, color, points }) => {
            const values = points.map(([, value]) => value);
            return (
              <tr key={name} data-off={hidden.has(name) ? "" : undefined}>
                <td className={styles["name"]}>
                  <button
                    type="button"
                    className={styles["toggle"]}
                    aria-pressed={!hidden.has(name)}
                    title="Show or hide"
                    onClick={() => toggle(name)}
                  >
                    <span className={styles["swatch"]} style={{ background: color }} />
                    {name}
                  </button>
                </td>
                <td className={styles["number"]}>{numberText(values.at(-1) ?? Number.NaN)}</td>
                <td className={styles["number"]}>{numberText(lowest(values))}</td>
                <td className={styles["number"]}>{numberText(highest(values))}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </>
  );
}

function ValueTable({ rows }: { readonly rows: readonly (readonly [name: string, value: number])[] }): ReactNode {
  const sorted = rows.toSorted(([, a], [, b]) => b - a);
  return (
    <table className={styles["table"]} data-testid="value-table">
      <thead>
        <tr>
          <th>Series</th>
          <th className={styles["number"]}>Value</th>
        </tr>
      </thead>
      <tbody>
        {sorted.map(([name, value]) => (
          <tr key={name}>
            <td className={styles["name"]}>{name}</td>
            <td className={styles["number"]}>{numberText(value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Series with distinct names, those with the highest last value first. */
function chartSeries({ series }: MatrixViewProps["result"]): readonly ChartSeries[] {
  return series
    .map(({ metric, values }) => ({
      name: seriesName(metric),
      points: values.map(([seconds, text]) => [seconds * 1000, Number(text)] as const),
    }))
    .sort((a, b) => highest(b.points.map(([, value]) => value)) - highest(a.points.map(([, value]) => value)))
    .map((each, index) => ({ ...each, color: palette[index % palette.length]! }));
}

function lowest(values: readonly number[]): number {
  return values.reduce((low, value) => Math.min(low, value), Infinity);
}

function highest(values: readonly number[]): number {
  return values.reduce((high, value) => Math.max(high, value), -Infinity);
}
