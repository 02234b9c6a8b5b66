import { useCallback, useState } from "react";

/** What the page remembers in this browser. */
export interface Preferences {
  readonly wrap: boolean;
  readonly theme: "system" | "light" | "dark";
  /** Queries that ran, newest first, none twice. */
  readonly queries: readonly string[];
}

const key = "sluice.explore";
const queriesMax = 50;

export function defaultPreferences(isNarrow: boolean): Preferences {
  return { wrap: isNarrow, theme: "system", queries: [] };
}

/** Reads stored preferences; what is missing or of another kind takes its default. */
export function parsePreferences(text: string | null, defaults: Preferences): Preferences {
  try {
    const { wrap, theme, queries } = JSON.parse(text ?? "{}") as Partial<Record<keyof Preferences, unknown>>;
    return {
      wrap: typeof wrap === "boolean" ? wrap : defaults.wrap,
      theme: theme === "light" || theme === "dark" ? theme : defaults.theme,
      queries: Array.isArray(queries) ? queries.filter((query) => typeof query === "string").slice(0, queriesMax) : [],
    };
  } catch {
    return defaults;
  }
}

/** Puts a query first. */
export function rememberQuery(preferences: Preferences, query: string): Preferences {
  const queries = [query, ...preferences.queries.filter((other) => other !== query)].slice(0, queriesMax);
  return { ...preferences, queries };
}

export type ChangePreferences = (change: (before: Preferences) => Preferences) => void;

export function usePreferences(): readonly [Preferences, ChangePreferences] {
  const [preferences, setPreferences] = useState(read);
  const change = useCallback<ChangePreferences>((change) => {
    const next = change(read());
    write(next);
    setPreferences(next);
  }, []);
  return [preferences, change];
}

function read(): Preferences {
  const defaults = defaultPreferences(innerWidth < 640);
  try {
    return parsePreferences(localStorage.getItem(key), defaults);
  } catch {
    return defaults;
  }
}

/** A browser that stores nothing (private window, full quota) still works, it just forgets. */
function write(preferences: Preferences): void {
  try {
    localStorage.setItem(key, JSON.stringify(preferences));
  } catch {
    // See above.
  }
}
