import { parseExploreState, printExploreState, type Client, type ExploreState } from "@sluice/api";
import { isServiceError, type ServiceError } from "@sluice/model";
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import styles from "./app.module.css";
import type { Services } from "./services.ts";
import { LivePanel } from "./live/live-panel.tsx";
import type { LogView } from "./log/log-view.ts";
import { toggleFilter, type Field, type FilterOperator } from "./query/edit-query.ts";
import { SearchPanel, type RunQuery } from "./search-panel.tsx";
import { createLiveSession, type LiveState } from "./session/live.ts";
import { createSearchSession } from "./session/search.ts";
import { StartPage } from "./start/start-page.tsx";
import { absolute } from "./time/range-input.ts";
import { rangeMsOf, searchRangeOf, shiftRange, toAbsolute, zoomOut } from "./time/range-moves.ts";
import controls from "./ui/controls.module.css";
import { Header, ServerDown } from "./ui/header.tsx";
import { HelpDialog } from "./ui/help-dialog.tsx";
import { Icon } from "./ui/icon.tsx";
import { rememberQuery, type ChangePreferences, type Preferences } from "./ui/preferences.ts";
import { QueryBar } from "./ui/query-bar.tsx";
import { TimeRange } from "./ui/time-range.tsx";
import type { Navigate } from "./ui/use-explore-url.ts";
import { useKeys } from "./ui/use-keys.ts";
import { useObservable } from "./ui/use-observable.ts";
import { useServerBack } from "./ui/use-server-back.ts";

export interface ExploreProps {
  readonly services: Services;
  readonly client: Client;
  readonly state: ExploreState;
  readonly navigate: Navigate;
  readonly preferences: Preferences;
  readonly changePreferences: ChangePreferences;
}

/** The one screen: the query on top, below it the start page, an answer, or the live tail. */
export function Explore({
  services,
  client,
  state,
  navigate,
  preferences,
  changePreferences,
}: ExploreProps): ReactNode {
  const { nowMs } = services;
  const [search] = useState(() => createSearchSession({ client, nowMs }));
  const [live] = useState(() => createLiveSession({ ...services, client }));
  const found = useObservable(search.state);
  const tail = useObservable(live.state);
  const [draft, setDraft] = useDraft(state.query);
  const [runCount, setRunCount] = useState(0);
  const [rangeOpen, setRangeOpen] = useState(false);
  const [helpOpen, setHelpOpen] = useState(false);
  const [startError, setStartError] = useState<ServiceError>();
  const input = useRef<HTMLTextAreaElement>(null);
  const view = useRef<LogView>(null);

  const { query } = state;
  const isStart = query.trim() === "";
  const isLive = state.live && !isStart;
  // The parts of the address that decide what is asked; Run asks again even when they are the same.
  const question = useMemo(
    () => ({ search: printExploreState({ ...state, timeZone: "local", line: "", others: [] }), runCount }),
    [state, runCount],
  );
  const [asked, setAsked] = useState(question);
  if (asked.search !== question.search || asked.runCount !== question.runCount) {
    setAsked(question);
  }

  useEffect(() => {
    const { query, live: isLive, view, direction, ...range } = parseExploreState(asked.search);
    if (query.trim() === "") {
      search.reset();
      return undefined;
    }
    if (isLive) {
      search.reset();
      live.start(query);
      return () => live.stop();
    }
    void search.run({ query, ...searchRangeOf(range, nowMs()), direction, instant: view === "table" });
    return undefined;
  }, [search, live, nowMs, asked]);

  const run = useCallback<RunQuery>(
    (next, change = {}) => {
      const text = next.trim();
      setDraft(text);
      setStartError(undefined);
      setRunCount((count) => count + 1);
      navigate({ query: text, line: "", ...change });
      if (text !== "") {
        changePreferences((before) => rememberQuery(before, text));
      }
    },
    [navigate, setDraft, changePreferences],
  );
  const onStartError = useCallback((error: unknown) => setStartError(isServiceError(error) ? error : undefined), []);
  const onFilter = (field: Field, operator: FilterOperator): void => run(toggleFilter(query, field, operator));
  const setRange = ({ from, to }: Pick<ExploreState, "from" | "to">): void => navigate({ from, to, line: "" });
  const toggleLive = (): void => (draft.trim() === "" ? undefined : run(draft, { live: !isLive }));
  const range = (): ReturnType<typeof rangeMsOf> => rangeMsOf(state, nowMs());

  const error = isStart ? startError : found.error;
  const isDown = error?.code === "unavailable";
  const queryError = isLive ? tailError(tail) : isDown ? undefined : queryErrorOf(error, found.request?.query ?? "");
  const retry = useCallback(() => setRunCount((count) => count + 1), []);
  useServerBack(client, isDown, retry);

  useKeys({
    "/": () => input.current?.focus(),
    "?": () => setHelpOpen(true),
    t: () => setRangeOpen(true),
    l: toggleLive,
    w: () => changePreferences((before) => ({ ...before, wrap: !before.wrap })),
    j: () => view.current?.moveCurrent(1),
    k: () => view.current?.moveCurrent(-1),
    ArrowDown: () => view.current?.moveCurrent(1),
    ArrowUp: () => view.current?.moveCurrent(-1),
    e: () => view.current?.moveToError(1),
    E: () => view.current?.moveToError(-1),
    o: () => view.current?.toggleCurrent(),
    Enter: () => view.current?.toggleCurrent(),
    Escape: () => view.current?.open(undefined),
    End: () => view.current?.toEnd(),
    Home: () => view.current?.toStart(),
    " ": () => isLive && live.setPaused(!live.state.get().paused),
    ...(isLive || isStart
      ? {}
      : {
          "[": () => setRange(shiftRange(range(), -0.5)),
          "]": () => setRange(shiftRange(range(), 0.5)),
          z: () => setRange(zoomOut(range(), nowMs())),
          a: () => setRange(toAbsolute(range())),
        }),
  });

  return (
    <div className={styles["app"]}>
      <Header
        client={client}
        nowMs={nowMs}
        theme={preferences.theme}
        onTheme={(theme) => changePreferences((before) => ({ ...before, theme }))}
        onHome={() => run("", { live: false })}
        onHelp={() => setHelpOpen(true)}
      />
      <main className={styles["main"]}>
        {isDown && <ServerDown message={error.message} onRetry={retry} />}
        <div className={styles["controls"]}>
          <QueryBar
            draft={draft}
            onDraft={setDraft}
            onRun={run}
            recent={preferences.queries}
            error={queryError}
            inputRef={input}
          >
            <TimeRange state={state} navigate={navigate} open={rangeOpen} onOpenChange={setRangeOpen} />
            <button
              type="button"
              className={`${controls["button"]} ${isLive ? controls["pressed"] : ""}`}
              data-testid="live"
              aria-pressed={isLive}
              title="Follow new lines (l)"
              disabled={draft.trim() === ""}
              onClick={toggleLive}
            >
              Live
            </button>
            {found.phase === "loading" ? (
              <button type="button" className={controls["button"]} data-testid="stop" onClick={search.stop}>
                <Icon name="stop" />
                Stop
              </button>
            ) : (
              <button
                type="button"
                className={`${controls["button"]} ${controls["primary"]}`}
                data-testid="run"
                onClick={() => run(draft)}
              >
                Run
              </button>
            )}
          </QueryBar>
        </div>
        <div className={styles["body"]}>
          {isStart && <StartPage client={client} state={state} onRun={run} onError={onStartError} key={runCount} />}
          {isLive && (
            <LivePanel
              session={live}
              client={client}
              state={state}
              base={services.base}
              wrap={preferences.wrap}
              onWrap={onWrap}
              onFilter={onFilter}
              viewRef={view}
              nowMs={nowMs}
            />
          )}
          {!isStart && !isLive && (
            <SearchPanel
              session={search}
              state={state}
              base={services.base}
              wrap={preferences.wrap}
              onWrap={onWrap}
              navigate={navigate}
              onRun={run}
              onFilter={onFilter}
              onZoom={(startMs, endMs) => setRange({ from: absolute(startMs), to: absolute(endMs) })}
              viewRef={view}
            />
          )}
        </div>
      </main>
      <HelpDialog open={helpOpen} onClose={() => setHelpOpen(false)} />
    </div>
  );

  function onWrap(wrap: boolean): void {
    changePreferences((before) => ({ ...before, wrap }));
  }
}

/** What stands in the query box: it follows the address, until one types. */
function useDraft(query: string): readonly [string, (draft: string) => void] {
  const [draft, setDraft] = useState(query);
  const [seen, setSeen] = useState(query);
  if (seen !== query) {
    setSeen(query);
    setDraft(query);
  }
  return [draft, setDraft];
}

interface QueryFault {
  readonly message: string;
  readonly query: string;
}

function queryErrorOf(error: ServiceError | undefined, query: string): QueryFault | undefined {
  return error === undefined || error.code === "cancelled" ? undefined : { message: error.message, query };
}

/** A tail ends by itself only when the server refuses its query. */
function tailError({ phase, reason, query }: LiveState): QueryFault | undefined {
  return phase === "ended" ? { message: reason, query } : undefined;
}
