import { useState, type PointerEvent, type ReactNode } from "react";
import { levelNames } from "../log/level.ts";
import { ChartAxes } from "../metric/chart-axes.tsx";
import { groupDigits, niceTicks, timeTicks } from "../metric/scale.ts";
import { rangeText } from "../time/format-time.ts";
import { zoneOffsetMs, type TimeZone } from "../time/zone.ts";
import { useElementSize } from "../ui/use-element-size.ts";
import styles from "./volume-chart.module.css";
import { bucketTotal, type Volume } from "./volume.ts";

export interface VolumeChartProps {
  readonly volume: Volume | undefined;
  readonly error: string | undefined;
  readonly timeZone: TimeZone;
  /** The answer before is shown while the next one loads. */
  readonly stale: boolean;
  /** The part of the range whose lines are loaded. Milliseconds. */
  readonly loaded: { readonly startMs: number; readonly endMs: number } | undefined;
  readonly onZoom: (startMs: number, endMs: number) => void;
  /** A click on a level in the legend, with the value of `detected_level` that it stands for. */
  readonly onLevel: (detectedLevel: string) => void;
  readonly isFilteredBy: (detectedLevel: string) => boolean;
  /** A click on one bar. */
  readonly onPick: (startMs: number, endMs: number) => void;
}

const axisWidth = 44;
const axisHeight = 18;
const dragMinPx = 5;

/** Lines over time, stacked by level with the worst at the bottom. Drag zooms, a click goes to a bar. */
export function VolumeChart(props: VolumeChartProps): ReactNode {
  const { volume, error, timeZone, stale, loaded, onZoom, onPick } = props;
  const [plotRef, width, height] = useElementSize<HTMLDivElement>();
  const [hover, setHover] = useState<number>();
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number }>();

  return (
    <section
      className={`${styles["panel"]} ${stale ? styles["stale"] : ""}`}
      aria-label="Lines over time"
      data-testid="histogram"
    >
      <Legend volume={volume} error={error} onLevel={props.onLevel} isFilteredBy={props.isFilteredBy} />
      <div className={styles["plot"]} ref={plotRef}>
        {volume !== undefined && width > axisWidth && (
          <Bars
            volume={volume}
            width={width}
            height={height}
            timeZone={timeZone}
            hover={hover}
            loaded={loaded}
            drag={drag}
            events={pointerEvents(volume)}
          />
        )}
        {volume !== undefined && hover !== undefined && drag === undefined && (
          <Tip volume={volume} bucket={hover} width={width} timeZone={timeZone} />
        )}
      </div>
    </section>
  );

  function pointerEvents(volume: Volume): PointerHandlers {
    const plotWidth = width - axisWidth;
    const positionOf = (event: PointerEvent<SVGSVGElement>): number =>
      Math.min(Math.max(event.clientX - event.currentTarget.getBoundingClientRect().left - axisWidth, 0), plotWidth);
    const bucketAt = (x: number): number =>
      Math.min(volume.bucketCount - 1, Math.max(0, Math.floor((x / plotWidth) * volume.bucketCount)));
    const bordersOf = (first: number, last: number): readonly [number, number] => [
      volume.startMs + first * volume.stepMs,
      volume.startMs + (last + 1) * volume.stepMs,
    ];
    return {
      onPointerDown: (event) => {
        if (event.button === 0) {
          event.currentTarget.setPointerCapture(event.pointerId);
          const x = positionOf(event);
          setDrag({ from: x, to: x });
        }
      },
      onPointerMove: (event) => {
        const x = positionOf(event);
        setHover(bucketAt(x));
        if (drag !== undefined) {
          setDrag({ from: drag.from, to: x });
        }
      },
      onPointerUp: (event) => {
        if (drag === undefined) {
          return;
        }
        const x = positionOf(event);
        setDrag(undefined);
        const first = bucketAt(Math.min(drag.from, x));
        const last = bucketAt(Math.max(drag.from, x));
        if (Math.abs(x - drag.from) >= dragMinPx) {
          onZoom(...bordersOf(first, last));
        } else if (bucketTotal(volume, first) > 0) {
          onPick(...bordersOf(first, first));
        }
      },
      onPointerCancel: () => setDrag(undefined),
      onPointerLeave: () => setHover(undefined),
    };
  }
}

type PointerHandlers = Readonly<
  Record<
    "onPointerDown" | "onPointerMove" | "onPointerUp" | "onPointerCancel" | "onPointerLeave",
    (event: PointerEvent<SVGSVGElement>) => void
  >
>;

interface BarsProps {
  readonly volume: Volume;
  readonly width: number;
  readonly height: number;
  readonly timeZone: TimeZone;
  readonly hover: number | undefined;
  readonly loaded: VolumeChartProps["loaded"];
  readonly drag: { readonly from: number; readonly to: number } | undefined;
  readonly events: PointerHandlers;
}

function Bars({ volume, width, height, timeZone, hover, loaded, drag, events }: BarsProps): ReactNode {
  const { startMs, stepMs, bucketCount, levels } = volume;
  const plotWidth = width - axisWidth;
  const plotHeight = height - axisHeight;
  const endMs = startMs + bucketCount * stepMs;
  const highest = Math.max(1, ...Array.from({ length: bucketCount }, (_, bucket) => bucketTotal(volume, bucket)));
  const ticksY = niceTicks(0, highest, 2).filter((tick) => Number.isInteger(tick));
  const top = Math.max(highest, ticksY.at(-1) ?? 0);
  const xOf = (ms: number): number => axisWidth + ((ms - startMs) / (endMs - startMs)) * plotWidth;
  const yOf = (count: number): number => plotHeight - (count / top) * (plotHeight - 4);
  const times = timeTicks(startMs, endMs, Math.max(2, Math.floor(plotWidth / 90)), zoneOffsetMs(timeZone, startMs));
  const slot = plotWidth / bucketCount;
  const barWidth = Math.max(1, slot - (slot > 4 ? 1.5 : 0.5));

  return (
    <svg className={styles["svg"]} {...events} role="img" aria-label={`${groupDigits(volume.total)} lines`}>
      <ChartAxes
        startX={axisWidth}
        endX={width}
        timesY={height - 4}
        values={ticksY}
        valueText={compactCount}
        yOf={yOf}
        times={times}
        timeZone={timeZone}
        xOf={xOf}
      />
      <rect x={axisWidth} y={0} width={plotWidth} height={plotHeight} fill="transparent" />
      {levels.map(({ level, counts }, index) => (
        <path
          key={level}
          className={styles[`level${level}`]}
          d={barsPath(
            counts,
            levels.slice(0, index).map(({ counts }) => counts),
            (count) => yOf(count),
            slot,
            barWidth,
          )}
        />
      ))}
      {loaded !== undefined && (
        <Unloaded
          startX={axisWidth}
          endX={width}
          fromX={xOf(loaded.startMs)}
          toX={xOf(loaded.endMs)}
          height={plotHeight}
        />
      )}
      {hover !== undefined && (
        <rect className={styles["hover"]} x={axisWidth + hover * slot} y={0} width={slot} height={plotHeight} />
      )}
      {drag !== undefined && (
        <rect
          className={styles["selection"]}
          x={axisWidth + Math.min(drag.from, drag.to)}
          y={0}
          width={Math.abs(drag.to - drag.from)}
          height={plotHeight}
        />
      )}
    </svg>
  );
}

/** One path per level: 120 bars are one element. */
function barsPath(
  counts: Float64Array,
  below: readonly Float64Array[],
  yOf: (count: number) => number,
  slot: number,
  width: number,
): string {
  let path = "";
  for (const [bucket, count] of counts.entries()) {
    if (count > 0) {
      const base = below.reduce((sum, counts) => sum + counts[bucket]!, 0);
      const bottom = yOf(base);
      // A single error among thousands must stay visible.
      const height = Math.max(1.5, bottom - yOf(base + count));
      const x = axisWidth + bucket * slot + (slot - width) / 2;
      path += `M${round(x)} ${round(bottom)}v${round(-height)}h${round(width)}v${round(height)}z`;
    }
  }
  return path;
}

function Unloaded({
  startX,
  endX,
  fromX,
  toX,
  height,
}: {
  readonly startX: number;
  readonly endX: number;
  readonly fromX: number;
  readonly toX: number;
  readonly height: number;
}): ReactNode {
  const left = Math.min(Math.max(fromX, startX), endX);
  const right = Math.min(Math.max(toX, startX), endX);
  return (
    <>
      <rect className={styles["unloaded"]} x={startX} y={0} width={left - startX} height={height} />
      <rect className={styles["unloaded"]} x={right} y={0} width={endX - right} height={height} />
      <line className={styles["loaded"]} x1={left} x2={right} y1={height + 1} y2={height + 1} />
    </>
  );
}

type LegendProps = Pick<VolumeChartProps, "volume" | "error" | "onLevel" | "isFilteredBy">;

function Legend({ volume, error, onLevel, isFilteredBy }: LegendProps): ReactNode {
  if (volume === undefined) {
    return <p className={styles["failed"]}>{error === undefined ? "\u00a0" : `No histogram: ${error}`}</p>;
  }
  return (
    <div className={styles["legend"]}>
      {volume.levels.map(({ level, total, detected }) => {
        const content = (
          <>
            <span className={`${styles["swatch"]} ${styles[`level${level}`]}`} />
            {level === 0 && volume.levels.length === 1 ? "lines" : levelNames[level]} {groupDigits(total)}
          </>
        );
        return detected === undefined ? (
          <span key={level} className={styles["entry"]}>
            {content}
          </span>
        ) : (
          <button
            key={level}
            type="button"
            className={`${styles["entry"]} ${styles["filter"]}`}
            aria-pressed={isFilteredBy(detected)}
            title={isFilteredBy(detected) ? "Show all levels" : `Show only ${detected}`}
            onClick={() => onLevel(detected)}
          >
            {content}
          </button>
        );
      })}
      <span className={styles["spacer"]} />
      <span className={styles["hint"]}>drag to zoom</span>
    </div>
  );
}

function Tip({
  volume,
  bucket,
  width,
  timeZone,
}: {
  readonly volume: Volume;
  readonly bucket: number;
  readonly width: number;
  readonly timeZone: TimeZone;
}): ReactNode {
  const start = volume.startMs + bucket * volume.stepMs;
  const x = axisWidth + ((bucket + 0.5) / volume.bucketCount) * (width - axisWidth);
  const side = x > width / 2 ? { right: width - x + 12 } : { left: x + 12 };
  return (
    <div className={styles["tip"]} style={side}>
      {rangeText(start, start + volume.stepMs, timeZone)}
      {volume.levels
        .filter(({ counts }) => counts[bucket]! > 0)
        .map(({ level, counts }) => (
          <div key={level} className={styles["entry"]}>
            <span className={`${styles["swatch"]} ${styles[`level${level}`]}`} />
            {level === 0 ? "lines" : levelNames[level]} <b>{groupDigits(counts[bucket]!)}</b>
          </div>
        ))}
    </div>
  );
}

function compactCount(count: number): string {
  return count >= 1e6 ? `${count / 1e6}M` : count >= 1e4 ? `${count / 1e3}k` : groupDigits(count);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
