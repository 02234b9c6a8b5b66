import { useState, type KeyboardEvent, type ReactNode, type Ref } from "react";
import { errorPosition } from "../query/parse-error.ts";
import controls from "./controls.module.css";
import { Icon } from "./icon.tsx";
import { Popover } from "./popover.tsx";
import styles from "./query-bar.module.css";

export interface QueryBarProps {
  readonly draft: string;
  readonly onDraft: (query: string) => void;
  readonly onRun: (query: string) => void;
  /** Queries that ran before, newest first. */
  readonly recent: readonly string[];
  /** What the server found wrong in the query that ran last. */
  readonly error: { readonly message: string; readonly query: string } | undefined;
  readonly inputRef: Ref<HTMLTextAreaElement>;
  /** Time range, live and run. */
  readonly children: ReactNode;
}

/** The query: Enter runs it, Shift+Enter breaks the line, Ctrl+Up and Ctrl+Down walk through its history. */
export function QueryBar({ draft, onDraft, onRun, recent, error, inputRef, children }: QueryBarProps): ReactNode {
  const [historyOpen, setHistoryOpen] = useState(false);

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>): void {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      onRun(draft);
    } else if ((event.key === "ArrowUp" || event.key === "ArrowDown") && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      const index = recent.indexOf(draft) + (event.key === "ArrowUp" ? 1 : -1);
      onDraft(recent[index] ?? (index < 0 ? "" : draft));
    } else if (event.key === "Escape") {
      event.currentTarget.blur();
    }
  }

  return (
    <div className={styles["bar"]}>
      <div className={styles["field"]} data-invalid={error === undefined ? undefined : ""}>
        <textarea
          ref={inputRef}
          className={styles["query"]}
          data-testid="query"
          aria-label="LogQL query"
          aria-invalid={error !== undefined}
          aria-describedby={error === undefined ? undefined : "query-error"}
          placeholder={'{app="checkout"} |= "timeout"'}
          rows={1}
          value={draft}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          onChange={(event) => onDraft(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <Popover
          label={<Icon name="history" />}
          buttonClass={`${controls["quiet"]} ${styles["history"]}`}
          title="Recent queries"
          open={historyOpen}
          onOpenChange={setHistoryOpen}
        >
          {(close) => (
            <div className={styles["queries"]}>
              {recent.length === 0 && <p className={styles["none"]}>Queries that you run will be listed here.</p>}
              {recent.map((query) => (
                <button
                  key={query}
                  type="button"
                  title={query}
                  onClick={() => {
                    close();
                    onRun(query);
                  }}
                >
                  {query.replaceAll(/\s+/gu, " ")}
                </button>
              ))}
            </div>
          )}
        </Popover>
      </div>
      <div className={styles["buttons"]}>{children}</div>
      {error !== undefined && <QueryError message={error.message} query={error.query} />}
    </div>
  );
}

function QueryError({ message, query }: { readonly message: string; readonly query: string }): ReactNode {
  const position = errorPosition(message, query);
  return (
    <div className={styles["error"]} id="query-error" role="alert" data-testid="error">
      {position !== undefined && (
        <pre className={styles["excerpt"]}>
          {position.text}
          {"\n"}
          {" ".repeat(position.column)}
          <span className={styles["caret"]}>^</span>
        </pre>
      )}
      {message}
    </div>
  );
}
