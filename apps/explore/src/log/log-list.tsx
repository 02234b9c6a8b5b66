import { useEffect, useLayoutEffect, useRef, useState, type CSSProperties, type ReactNode, type Ref } from "react";
import { createPortal } from "react-dom";
import styles from "./log-list.module.css";
import type { LogStore } from "./log-store.ts";
import { LogView, type LogViewFormat, type LogViewStyles } from "./log-view.ts";

export interface LogListProps {
  readonly store: LogStore;
  /** Changes whenever the store's content has. */
  readonly revision: number;
  readonly format: LogViewFormat;
  /** Widths of the first cells in characters. */
  readonly timeColumns: number;
  readonly sourceColumns: number;
  readonly follow: boolean;
  readonly onFollow: (following: boolean) => void;
  readonly onNearEnd: () => void;
  readonly details: (id: number) => ReactNode;
  readonly footer: ReactNode;
  readonly label: string;
  /** Gives the view to those who move in it by keys. */
  readonly viewRef: Ref<LogView>;
}

/** A {@link LogView} in React: the view owns its rows, React fills the details and the foot. */
export function LogList(props: LogListProps): ReactNode {
  const { store, revision, format, timeColumns, sourceColumns, follow, details, footer, label, viewRef } = props;
  const hostRef = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<LogView>();
  const [openId, setOpenId] = useState<number>();
  const events = useRef(props);
  useLayoutEffect(() => {
    events.current = props;
  });

  useLayoutEffect(() => {
    const { store, format } = events.current;
    const created = new LogView(
      hostRef.current!,
      store,
      format,
      {
        onOpen: setOpenId,
        onFollow: (following) => events.current.onFollow(following),
        onNearEnd: () => events.current.onNearEnd(),
      },
      styles as unknown as LogViewStyles,
    );
    setView(created);
    return () => created.destroy();
  }, []);

  useEffect(() => assignRef(viewRef, view), [viewRef, view]);
  useLayoutEffect(() => view?.setStore(store), [view, store]);
  useLayoutEffect(() => view?.setFormat(format), [view, format, timeColumns, sourceColumns]);
  useLayoutEffect(() => view?.setFollow(follow), [view, follow]);
  useLayoutEffect(() => view?.storeChanged(), [view, revision]);

  const widths = { "--time-columns": timeColumns, "--source-columns": sourceColumns } as CSSProperties;
  return (
    <div
      ref={hostRef}
      className={styles["host"]}
      style={widths}
      role="grid"
      tabIndex={0}
      aria-label={label}
      data-testid="log-list"
    >
      {view !== undefined && openId !== undefined && createPortal(details(openId), view.detailsHost)}
      {view !== undefined && createPortal(footer, view.footerHost)}
    </div>
  );
}

function assignRef(ref: Ref<LogView>, view: LogView | undefined): void {
  if (typeof ref === "object" && ref !== null) {
    ref.current = view ?? null;
  }
}
