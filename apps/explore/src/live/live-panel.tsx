import type { Client, ExploreState } from "@sluice/api";
import { nsPerMs } from "@sluice/model";
import { useEffect, useState, type ReactNode, type RefObject } from "react";
import { lineLink } from "../log/line-link.ts";
import panel from "../log/log-panel.module.css";
import { LogPanel } from "../log/log-panel.tsx";
import type { LogView } from "../log/log-view.ts";
import { groupDigits } from "../metric/scale.ts";
import type { Field, FilterOperator } from "../query/edit-query.ts";
import type { LiveSession } from "../session/live.ts";
import { useObservable } from "../ui/use-observable.ts";
import { LiveBar, waitingText } from "./live-bar.tsx";

export interface LivePanelProps {
  readonly session: LiveSession;
  readonly client: Client;
  readonly state: ExploreState;
  readonly base: string;
  readonly wrap: boolean;
  readonly onWrap: (wrap: boolean) => void;
  readonly onFilter: (field: Field, operator: FilterOperator) => void;
  readonly viewRef: RefObject<LogView | null>;
  readonly nowMs: () => number;
}

/** The live tail: lines come at the end; who scrolls up or opens a line pauses it, the pill leads back. */
export function LivePanel({
  session,
  client,
  state,
  base,
  wrap,
  onWrap,
  onFilter,
  viewRef,
  nowMs,
}: LivePanelProps): ReactNode {
  const live = useObservable(session.state);
  const indexLabels = useIndexLabels(client, nowMs);
  const { paused, sincePause, errorsSincePause, phase, revision } = live;
  const { store } = session;

  return (
    <>
      <LiveBar state={live} onPause={session.setPaused} onClear={session.clear} />
      <LogPanel
        store={store}
        revision={revision}
        query={state.query}
        timeZone={state.timeZone}
        showDay={false}
        wrap={wrap}
        onWrap={onWrap}
        alone={false}
        stale={phase === "connecting"}
        follow={!paused}
        onFollow={(following) => session.setPaused(!following)}
        onNearEnd={ignore}
        indexLabels={indexLabels}
        onFilter={onFilter}
        linkOf={(line) => lineLink(line, { base, state, found: undefined })}
        status={
          <>
            <b>{groupDigits(store.lineCount)}</b> {store.lineCount === 1 ? "line" : "lines"}
            {store.count >= store.linesMax ? " · the oldest leave" : ""}
          </>
        }
        tools={null}
        footer={null}
        message={
          store.count === 0 && (
            <div className={panel["message"]}>
              {phase === "ended" ? "The tail has ended." : waitingText(live, nowMs())}
            </div>
          )
        }
        overlay={
          paused && (
            <button
              type="button"
              className={panel["pill"]}
              data-testid="new-lines"
              onClick={() => session.setPaused(false)}
            >
              ▼ {groupDigits(sincePause)} new
              {errorsSincePause > 0 &&
                ` · ${groupDigits(errorsSincePause)} ${errorsSincePause === 1 ? "error" : "errors"}`}
            </button>
          )
        }
        viewRef={viewRef}
      />
    </>
  );
}

/** Names of the labels of streams. A tail's frames do not say which of a line's labels are its stream's. */
function useIndexLabels(client: Client, nowMs: () => number): ReadonlySet<string> | undefined {
  const [names, setNames] = useState<ReadonlySet<string>>();
  useEffect(() => {
    const abort = new AbortController();
    const endNs = BigInt(nowMs()) * nsPerMs;
    client.labels({ startNs: endNs - 3_600_000n * nsPerMs, endNs }, abort.signal).then(
      (found) => setNames(new Set(found)),
      () => undefined,
    );
    return () => abort.abort();
  }, [client, nowMs]);
  return names;
}

function ignore(): void {
  // New lines come by themselves.
}
