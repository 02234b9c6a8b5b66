import { useEffect, useRef } from "react";

/** What a key does, by `KeyboardEvent.key`. */
export type KeyMap = Readonly<Record<string, () => void>>;

/** Single keys for the whole page. They do nothing while one types, with Ctrl, Alt or Meta, or over a dialog. */
export function useKeys(keys: KeyMap): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const run = current.current[event.key];
      if (
        run === undefined ||
        event.defaultPrevented ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        isTaken(event)
      ) {
        return;
      }
      event.preventDefault();
      run();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
}

function isTaken({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) {
    return false;
  }
  if (target.closest("input, textarea, select, dialog, [popover]") !== null || target.isContentEditable) {
    return true;
  }
  // Escape closes an open popover, whatever has the focus.
  if (key === "Escape" && document.querySelector(":popover-open") !== null) {
    return true;
  }
  // Space and Enter press the button that has the focus.
  return (key === " " || key === "Enter") && target.closest("button, a") !== null;
}
