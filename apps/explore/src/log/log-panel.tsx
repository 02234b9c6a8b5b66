import { useMemo, useState, type ReactNode, type RefObject } from "react";
import { searchedTexts } from "../query/log-query.ts";
import type { Field, FilterOperator } from "../query/edit-query.ts";
import { clockText, dayClockText } from "../time/format-time.ts";
import type { TimeZone } from "../time/zone.ts";
import controls from "../ui/controls.module.css";
import { Icon } from "../ui/icon.tsx";
import { summarizeLabels, type LabelSummary } from "./label-summary.ts";
import { LineDetails } from "./line-details.tsx";
import type { LogLine } from "./log-line.ts";
import { LogList } from "./log-list.tsx";
import styles from "./log-panel.module.css";
import type { LogStore } from "./log-store.ts";
import type { LogView, LogViewFormat } from "./log-view.ts";

export interface LogPanelProps {
  readonly store: LogStore;
  readonly revision: number;
  readonly query: string;
  readonly timeZone: TimeZone;
  /** The lines are of more than one day. */
  readonly showDay: boolean;
  readonly wrap: boolean;
  readonly onWrap: (wrap: boolean) => void;
  /** No histogram stands on top. */
  readonly alone: boolean;
  readonly stale: boolean;
  /** Whether the newest line is followed; undefined in a list that has none. */
  readonly follow: boolean | undefined;
  readonly onFollow: (following: boolean) => void;
  readonly onNearEnd: () => void;
  readonly indexLabels: ReadonlySet<string> | undefined;
  readonly onFilter: (field: Field, operator: FilterOperator) => void;
  readonly linkOf: (line: LogLine) => string;
  readonly status: ReactNode;
  readonly tools: ReactNode;
  readonly footer: ReactNode;
  /** Instead of the list, when there is nothing to list. */
  readonly message: ReactNode;
  readonly overlay: ReactNode;
  readonly viewRef: RefObject<LogView | null>;
}

const sourceColumnsMax = 22;
const manySets = 200;

/** The list of lines with its bar: what is loaded, which labels all lines share, how they are shown. */
export function LogPanel(props: LogPanelProps): ReactNode {
  const { store, revision, query, timeZone, showDay, wrap, onWrap, indexLabels, onFilter, linkOf } = props;
  const labels = useLabelSummary(store, revision);
  const { source, sourceLength } = labels;
  const format = useMemo<LogViewFormat>(
    () => ({
      wrap,
      source,
      marked: searchedTexts(query),
      time: timeFormat(timeZone, showDay),
      timeColumns: showDay ? 18 : 12,
      sourceColumns: Math.min(sourceLength, sourceColumnsMax),
    }),
    [wrap, source, sourceLength, query, timeZone, showDay],
  );
  const details = (id: number): ReactNode => {
    const index = store.indexOf(id);
    return (
      index >= 0 && (
        <LineDetails
          line={store.entryAt(index)}
          query={query}
          timeZone={timeZone}
          indexLabels={indexLabels}
          onFilter={onFilter}
          linkOf={linkOf}
        />
      )
    );
  };

  return (
    <section className={styles["panel"]} data-alone={props.alone ? "" : undefined} aria-label="Log lines">
      <div className={styles["bar"]}>
        <span className={styles["status"]} data-testid="status" role="status">
          {props.status}
        </span>
        <span className={styles["common"]} title="Labels that all of these lines have">
          {labels.common.map(([name, value]) => (
            <span key={name} className={styles["chip"]} title={`${name}="${value}"`}>
              {name}={value}
            </span>
          ))}
        </span>
        <span className={styles["tools"]}>
          {props.tools}
          <button
            type="button"
            className={controls["quiet"]}
            aria-pressed={wrap}
            title="Wrap long lines (w)"
            onClick={() => onWrap(!wrap)}
          >
            <Icon name="wrap" />
            <span className={styles["wide"]}>Wrap</span>
          </button>
        </span>
      </div>
      {props.message}
      <div className={`${styles["list"]} ${props.stale ? styles["stale"] : ""}`} hidden={Boolean(props.message)}>
        <LogList
          store={store}
          revision={revision}
          format={format}
          follow={props.follow}
          onFollow={props.onFollow}
          onNearEnd={props.onNearEnd}
          details={details}
          footer={props.footer}
          label="Log lines"
          viewRef={props.viewRef}
        />
      </div>
      {props.overlay}
    </section>
  );
}

/** The summary while lines come: it is made again when the store is another, or has seen more label sets. */
function useLabelSummary(store: LogStore, revision: number): LabelSummary {
  const [made, setMade] = useState<{
    readonly store: LogStore;
    readonly sets: number;
    readonly summary: LabelSummary;
  }>();
  void revision;
  const sets = store.labelSetCount;
  if (made !== undefined && made.store === store && isSimilar(made.sets, sets)) {
    return made.summary;
  }
  const summary = summarizeLabels(store.labelSets());
  setMade({ store, sets, summary });
  return summary;
}

/** A tail whose lines carry ids has a new set with each of them: then a summary is as good as one of twice the sets. */
function isSimilar(before: number, now: number): boolean {
  return before === now || (before > manySets && now > before && now < 2 * before);
}

function timeFormat(timeZone: TimeZone, showDay: boolean): (seconds: number) => string {
  const text = showDay ? dayClockText : clockText;
  // The view adds the fraction from the nanoseconds.
  return (seconds) => text(seconds * 1000, timeZone).slice(0, -4);
}
