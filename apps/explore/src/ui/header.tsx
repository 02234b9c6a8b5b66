import type { Client } from "@sluice/api";
import type { ReactNode } from "react";
import { AlertsBadge } from "../alerts/alerts-badge.tsx";
import controls from "./controls.module.css";
import styles from "./header.module.css";
import { Icon } from "./icon.tsx";
import type { Preferences } from "./preferences.ts";

export interface HeaderProps {
  readonly client: Client;
  readonly nowMs: () => number;
  readonly theme: Preferences["theme"];
  readonly onTheme: (theme: Preferences["theme"]) => void;
  readonly onHome: () => void;
  readonly onHelp: () => void;
}

export function Header({ client, nowMs, theme, onTheme, onHome, onHelp }: HeaderProps): ReactNode {
  const isDark = theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  return (
    <header className={styles["header"]}>
      <h1>
        <button type="button" className={styles["brand"]} title="Start page" onClick={onHome}>
          <svg width="22" height="22" viewBox="0 0 24 24" aria-hidden="true">
            <rect width="24" height="24" rx="6" fill="currentColor" />
            <g fill="none" stroke="light-dark(#fff, #0f1316)" strokeWidth="2.2" strokeLinecap="round">
              <path d="M5 8.2c2.4-2 4.6-2 7 0s4.6 2 7 0M5 13c2.4-2 4.6-2 7 0s4.6 2 7 0M5 17.8c2.4-2 4.6-2 7 0" />
            </g>
          </svg>
          Sluice
        </button>
      </h1>
      <span className={styles["spacer"]} />
      <AlertsBadge client={client} nowMs={nowMs} />
      <button
        type="button"
        className={controls["quiet"]}
        aria-label={isDark ? "Light colours" : "Dark colours"}
        title={isDark ? "Light colours" : "Dark colours"}
        onClick={() => onTheme(isDark ? "light" : "dark")}
      >
        <Icon name={isDark ? "sun" : "moon"} />
      </button>
      <button type="button" className={controls["quiet"]} aria-label="Keys" title="Keys (?)" onClick={onHelp}>
        ?
      </button>
    </header>
  );
}

/** Shown while the server does not answer; what is loaded stays. */
export function ServerDown({
  message,
  onRetry,
}: {
  readonly message: string;
  readonly onRetry: () => void;
}): ReactNode {
  return (
    <div className={styles["banner"]} role="alert" data-testid="server-down">
      <span>{message}</span>
      <button type="button" className={controls["button"]} onClick={onRetry}>
        Retry
      </button>
    </div>
  );
}
