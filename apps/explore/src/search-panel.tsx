import type { ExploreState } from "@sluice/api";
import { nsPerMs } from "@sluice/model";
import { useEffect, useMemo, useRef, type ReactNode, type RefObject } from "react";
import { sizeText } from "./log/display-text.ts";
import { lineId, nsOfLineId } from "./log/line-id.ts";
import { summarizeLabels } from "./log/label-summary.ts";
import { lineLink } from "./log/line-link.ts";
import type { LogLine } from "./log/log-line.ts";
import { LogPanel } from "./log/log-panel.tsx";
import panel from "./log/log-panel.module.css";
import { LogStore } from "./log/log-store.ts";
import type { LogView } from "./log/log-view.ts";
import { MetricPanel } from "./metric/metric-panel.tsx";
import { groupDigits } from "./metric/scale.ts";
import { filterOf, removeStage, type Field, type FilterOperator } from "./query/edit-query.ts";
import { chartQuery, isLogQuery } from "./query/log-query.ts";
import type { SearchSession, SearchState } from "./session/search.ts";
import { durationText } from "./time/format-time.ts";
import controls from "./ui/controls.module.css";
import { Icon } from "./ui/icon.tsx";
import { useObservable } from "./ui/use-observable.ts";
import type { Navigate } from "./ui/use-explore-url.ts";
import { VolumeChart } from "./volume/volume-chart.tsx";

/** Runs a query, or follows it; `change` are other parts of the address that go with it. */
export type RunQuery = (query: string, change?: Partial<ExploreState>) => void;

export interface SearchPanelProps {
  readonly session: SearchSession;
  readonly state: ExploreState;
  readonly base: string;
  readonly wrap: boolean;
  readonly onWrap: (wrap: boolean) => void;
  readonly navigate: Navigate;
  readonly onRun: RunQuery;
  readonly onFilter: (field: Field, operator: FilterOperator) => void;
  readonly onZoom: (startMs: number, endMs: number) => void;
  readonly viewRef: RefObject<LogView | null>;
}

const noLines = new LogStore(1);
const minuteMs = 60_000;
const dayMs = 86_400_000;

/** The answer of a search: histogram and lines, or a metric. */
export function SearchPanel(props: SearchPanelProps): ReactNode {
  const { session, state, wrap, onWrap, navigate, onRun, onFilter, onZoom, viewRef } = props;
  const found = useObservable(session.state);
  const { phase, result, resultOf, volume, volumeError, complete, revision } = found;
  const stale = phase === "loading" && result !== undefined;
  const store = result?.type === "logs" ? result.store : noLines;
  useLinkedLine(store, state.line, viewRef);
  const loaded = useMemo(() => loadedRange(store, complete, revision), [store, complete, revision]);

  if (result !== undefined && result.type !== "logs" && resultOf !== undefined) {
    return (
      <MetricPanel
        result={result}
        request={resultOf}
        timeZone={state.timeZone}
        elapsedMs={found.elapsedMs}
        stale={stale}
        onInstant={(instant) => navigate({ view: instant ? "table" : "chart" })}
      />
    );
  }

  if (phase === "failed" && result === undefined) {
    return null;
  }
  const hasVolume = isLogQuery(state.query);
  const isBackward = state.direction === "backward";
  const linkOf = (line: LogLine): string => {
    const index = indexOfLine(store, line);
    const range = resultOf === undefined ? undefined : { startNs: resultOf.startNs, endNs: resultOf.endNs, index };
    return lineLink(line, { base: props.base, state, found: range });
  };
  const chartLines = (): void => {
    const stepMs = volume?.stepMs ?? minuteMs;
    const query = chartQuery(state.query, summarizeLabels(store.labelSets()).source, Math.max(minuteMs, stepMs));
    if (query !== undefined) {
      onRun(query);
    }
  };
  return (
    <>
      {hasVolume && (
        <VolumeChart
          volume={volume}
          error={phase === "failed" ? undefined : volumeError}
          timeZone={state.timeZone}
          stale={phase === "loading" && volume !== undefined}
          loaded={loaded}
          onZoom={onZoom}
          onLevel={(level) => onFilter(levelField(level), "=")}
          isFilteredBy={(level) => filterOf(state.query, levelField(level)) === "="}
          onPick={(startMs, endMs) => {
            const index = firstWithin(store, startMs, endMs);
            if (index < 0) {
              onZoom(startMs, endMs);
            } else {
              viewRef.current?.setCurrent(store.idAt(index));
            }
          }}
        />
      )}
      <LogPanel
        store={store}
        revision={revision}
        query={resultOf?.query ?? state.query}
        timeZone={state.timeZone}
        showDay={resultOf !== undefined && Number((resultOf.endNs - resultOf.startNs) / nsPerMs) > dayMs}
        wrap={wrap}
        onWrap={onWrap}
        alone={!hasVolume}
        stale={stale}
        follow={undefined}
        onFollow={ignore}
        onNearEnd={() => void session.loadMore()}
        indexLabels={undefined}
        onFilter={onFilter}
        linkOf={linkOf}
        status={<SearchStatus found={found} store={store} />}
        tools={
          <>
            {hasVolume && (
              <button
                type="button"
                className={controls["quiet"]}
                data-testid="chart-lines"
                title="Lines per second over time"
                onClick={chartLines}
              >
                <Icon name="chart" />
                <span className={panel["wide"]}>Chart</span>
              </button>
            )}
            <button
              type="button"
              className={controls["quiet"]}
              data-testid="direction"
              title="Turn the order"
              onClick={() => navigate({ direction: isBackward ? "forward" : "backward" })}
            >
              <Icon name={isBackward ? "sort" : "sortUp"} />
              <span className={panel["wide"]}>{isBackward ? "Newest first" : "Oldest first"}</span>
            </button>
          </>
        }
        footer={
          <SearchFooter found={found} store={store} isBackward={isBackward} onMore={() => void session.loadMore()} />
        }
        message={store.count === 0 && <SearchMessage found={found} state={state} onRun={onRun} />}
        overlay={null}
        viewRef={viewRef}
      />
    </>
  );
}

function SearchStatus({ found, store }: { readonly found: SearchState; readonly store: LogStore }): ReactNode {
  const { phase, volume, complete, elapsedMs, stats, result } = found;
  if (result === undefined) {
    return phase === "loading" ? "Searching …" : phase === "stopped" ? "Stopped" : "";
  }
  const total =
    !complete && volume !== undefined && volume.total > store.lineCount ? ` of ${groupDigits(volume.total)}` : "";
  const bytes =
    stats === undefined || stats.totalBytesProcessed === 0 ? "" : ` · ${sizeText(stats.totalBytesProcessed)} searched`;
  return (
    <>
      <b>{groupDigits(store.lineCount)}</b>
      {total} {store.lineCount === 1 && total === "" ? "line" : "lines"}
      <span className={panel["wide"]}>
        {" "}
        · {durationText(elapsedMs)}
        {bytes}
      </span>
    </>
  );
}

interface SearchFooterProps {
  readonly found: SearchState;
  readonly store: LogStore;
  readonly isBackward: boolean;
  readonly onMore: () => void;
}

function SearchFooter({
  found: { complete, loadingMore, moreError },
  store,
  isBackward,
  onMore,
}: SearchFooterProps): ReactNode {
  if (store.count === 0) {
    return null;
  }
  return (
    <div className={panel["footer"]} data-testid="list-end">
      {moreError !== undefined && <span>{moreError}</span>}
      {complete ? (
        `${isBackward ? "Start" : "End"} of the range`
      ) : loadingMore ? (
        `Loading ${isBackward ? "older" : "newer"} lines …`
      ) : (
        <button type="button" className={controls["button"]} data-testid="load-more" onClick={onMore}>
          Load {isBackward ? "older" : "newer"} lines
        </button>
      )}
    </div>
  );
}

interface SearchMessageProps {
  readonly found: SearchState;
  readonly state: ExploreState;
  readonly onRun: RunQuery;
}

/** What stands in the place of lines. */
function SearchMessage({ found: { phase, emptyReason, result }, state, onRun }: SearchMessageProps): ReactNode {
  if (phase === "loading" && result === undefined) {
    return <div className={panel["message"]} data-testid="loading" />;
  }
  if (phase === "stopped") {
    return <div className={panel["message"]}>Stopped before the first line came.</div>;
  }
  const widen = (
    <button
      type="button"
      className={controls["button"]}
      onClick={() =>
        onRun(state.query, {
          from: { type: "relative", beforeNowMs: 7 * dayMs },
          to: { type: "relative", beforeNowMs: 0 },
        })
      }
    >
      Search the last 7 days
    </button>
  );
  return (
    <div className={panel["message"]} data-testid="empty">
      <h2>No lines found</h2>
      {emptyReason?.type === "selector" && <p>No stream that the selector matches has lines in this time range.</p>}
      {emptyReason?.type === "stage" && (
        <p>
          There are lines in this range, but none passes <code>{emptyReason.text}</code>
        </p>
      )}
      <p className={panel["actions"]}>
        {emptyReason?.type === "stage" && (
          <button
            type="button"
            className={controls["button"]}
            onClick={() => onRun(removeStage(state.query, emptyReason.stage))}
          >
            Remove this part
          </button>
        )}
        {widen}
      </p>
    </div>
  );
}

/** Opens the line that the address points at, once it is loaded. */
function useLinkedLine(store: LogStore, line: string, viewRef: RefObject<LogView | null>): void {
  const done = useRef("");
  useEffect(() => {
    const ns = nsOfLineId(line);
    if (ns === undefined || done.current === line || store.count === 0) {
      return;
    }
    for (let i = 0; i < store.count; i++) {
      if (store.nsAt(i) === ns && lineId(store.entryAt(i)) === line) {
        done.current = line;
        viewRef.current?.setCurrent(store.idAt(i));
        viewRef.current?.open(store.idAt(i));
        return;
      }
    }
  });
}

function levelField(value: string): Field {
  return { name: "detected_level", value, origin: "metadata" };
}

function loadedRange(
  store: LogStore,
  complete: boolean,
  _revision: number,
): { readonly startMs: number; readonly endMs: number } | undefined {
  if (complete || store.count === 0) {
    return undefined;
  }
  const first = store.secondsAt(0) * 1000;
  const last = store.secondsAt(store.count - 1) * 1000;
  return last <= first ? { startMs: last, endMs: Infinity } : { startMs: -Infinity, endMs: last };
}

function firstWithin(store: LogStore, startMs: number, endMs: number): number {
  for (let i = 0; i < store.count; i++) {
    const ms = store.secondsAt(i) * 1000 + store.nanosAt(i) / 1e6;
    if (ms > startMs && ms <= endMs) {
      return i;
    }
  }
  return -1;
}

function indexOfLine(store: LogStore, line: LogLine): number {
  for (let i = 0; i < store.count; i++) {
    if (store.nanosAt(i) === line.nanos && store.secondsAt(i) === line.seconds && store.lineAt(i) === line.line) {
      return i;
    }
  }
  return store.count;
}

function ignore(): void {
  // A search has no newest line to follow.
}
