import { useId, useLayoutEffect, useRef, type ReactNode } from "react";
import styles from "./controls.module.css";

export interface PopoverProps {
  /** The button's content. */
  readonly label: ReactNode;
  readonly buttonClass: string | undefined;
  readonly testId?: string;
  readonly title?: string;
  /** Gets a function that closes it. */
  readonly children: (close: () => void) => ReactNode;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

const gapPx = 6;
const marginPx = 8;

/** A button with a panel under it: the browser's popover closes it on Escape and on a click elsewhere. */
export function Popover({ label, buttonClass, testId, title, children, open, onOpenChange }: PopoverProps): ReactNode {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    const { current } = panel;
    if (current === null || open === current.matches(":popover-open")) {
      return;
    }
    if (open) {
      current.showPopover();
      place(current, button.current!);
    } else {
      current.hidePopover();
    }
  }, [open]);

  return (
    <>
      <button
        ref={button}
        type="button"
        className={buttonClass}
        popoverTarget={id}
        data-testid={testId}
        title={title}
        aria-expanded={open}
      >
        {label}
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        className={styles["popover"]}
        onToggle={(event) => {
          const isOpen = event.newState === "open";
          if (isOpen) {
            place(event.currentTarget, button.current!);
          }
          onOpenChange(isOpen);
        }}
      >
        {open && children(() => onOpenChange(false))}
      </div>
    </>
  );
}

/** Under the button, right edges together, kept inside the window. */
function place(panel: HTMLElement, button: HTMLElement): void {
  const { bottom, right } = button.getBoundingClientRect();
  panel.style.top = `${bottom + gapPx}px`;
  panel.style.left = "auto";
  panel.style.right = `${Math.max(marginPx, innerWidth - right)}px`;
  panel.style.maxWidth = `${innerWidth - 2 * marginPx}px`;
  panel.style.maxHeight = `${innerHeight - bottom - gapPx - marginPx}px`;
  panel.style.overflow = "auto";
  requestAnimationFrame(() => {
    const { left } = panel.getBoundingClientRect();
    if (left < marginPx) {
      panel.style.right = "auto";
      panel.style.left = `${marginPx}px`;
    }
  });
}
