import { useEffect, useLayoutEffect, useRef, useState, type ReactNode, type RefObject } from "react";
import { createPortal } from "react-dom";
import styles from "./log-list.module.css";
import type { LogStore } from "./log-store.ts";
import { LogView, type LogViewFormat, type LogViewStyles } from "./log-view.ts";

export interface LogListProps {
  readonly store: LogStore;
  /** Changes whenever the store's content has. */
  readonly revision: number;
  readonly format: LogViewFormat;
  /** Whether the newest line is followed; undefined in a list that has none. */
  readonly follow: boolean | undefined;
  readonly onFollow: (following: boolean) => void;
  readonly onNearEnd: () => void;
  readonly details: (id: number) => ReactNode;
  readonly footer: ReactNode;
  readonly label: string;
  /** Gives the view to those who move in it by keys. */
  readonly viewRef: RefObject<LogView | null>;
}

/** A {@link LogView} in React: the view owns its rows, React fills the details and the foot. */
export function LogList(props: LogListProps): ReactNode {
  const { store, revision, format, follow, details, footer, viewRef } = props;
  const hostRef = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<LogView>();
  const [openId, setOpenId] = useState<number>();
  const latest = useRef(props);
  useLayoutEffect(() => {
    latest.current = props;
  });

  useLayoutEffect(() => {
    const { store, format, label } = latest.current;
    const events = {
      onOpen: setOpenId,
      onFollow: (following: boolean) => latest.current.onFollow(following),
      onNearEnd: () => latest.current.onNearEnd(),
    };
    const created = new LogView(hostRef.current!, store, format, {
      events,
      styles: styles as unknown as LogViewStyles,
      label,
    });
    setView(created);
    return () => created.destroy();
  }, []);

  useEffect(() => {
    viewRef.current = view ?? null;
    return () => {
      viewRef.current = null;
    };
  }, [viewRef, view]);
  useLayoutEffect(() => view?.setStore(store), [view, store]);
  useLayoutEffect(() => view?.setFormat(format), [view, format]);
  useLayoutEffect(() => view?.setFollow(follow), [view, follow]);
  useLayoutEffect(() => view?.storeChanged(revision), [view, revision]);

  return (
    <div ref={hostRef} className={styles["host"]} data-testid="log-list">
      {view !== undefined && openId !== undefined && createPortal(details(openId), view.detailsHost)}
      {view !== undefined && createPortal(footer, view.footerHost)}
    </div>
  );
}
