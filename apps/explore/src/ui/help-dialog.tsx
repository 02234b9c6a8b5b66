import { useEffect, useRef, type ReactNode } from "react";
import controls from "./controls.module.css";
import styles from "./help-dialog.module.css";
import { Icon } from "./icon.tsx";

const keys: readonly (readonly [what: string, ...keys: string[]])[] = [
  ["Go to the query", "/"],
  ["Run", "Enter"],
  ["New line", "Shift", "Enter"],
  ["Earlier queries", "Ctrl", "↑"],
  ["Next, previous line", "j", "k"],
  ["Next, previous error", "e", "E"],
  ["Open, close a line", "o"],
  ["Start, end of the list", "Home", "End"],
  ["Wrap lines", "w"],
  ["Time range", "t"],
  ["Earlier, later range", "[", "]"],
  ["Zoom out", "z"],
  ["To absolute times", "a"],
  ["Live on, off", "l"],
  ["Pause live", "Space"],
  ["This help", "?"],
];

export function HelpDialog({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open && dialog.current?.open === false) {
      dialog.current.showModal();
    } else if (!open) {
      dialog.current?.close();
    }
  }, [open]);
  return (
    <dialog
      ref={dialog}
      className={styles["dialog"]}
      aria-label="Keys"
      data-testid="help"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div className={styles["head"]}>
        <h2>Keys</h2>
        <button type="button" className={controls["quiet"]} aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <dl className={styles["keys"]}>
        {keys.map(([what, ...pressed]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>
              {pressed.map((key) => (
                <kbd key={key} className={controls["key"]}>
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}
