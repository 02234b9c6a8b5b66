import { createRow, type Row, type RowStyles } from "./log-row.ts";
import type { LayoutShape } from "./row-layout.ts";
import { physicalHeight, scrollScale } from "./scroll-scale.ts";

export interface ViewportStyles extends RowStyles {
  readonly content: string;
  readonly rows: string;
  readonly probe: string;
}

/** Widths of a row's first cells in characters. */
export interface CellWidths {
  readonly timeColumns: number;
  readonly sourceColumns: number;
}

/** A narrower list has time and level above each line. */
const compactWidth = 640;
const columnsMin = 10;

/** The scrolling element of a list and its content: what fits into it, and where it is scrolled to. */
export class Viewport {
  readonly host: HTMLElement;
  readonly content: HTMLElement;
  /** The grid of the rows; what else scrolls with them stands beside it. */
  readonly rows: HTMLElement;
  /** A hundred characters: they tell the width of one. */
  readonly #probe: HTMLElement;
  /** A row that nobody sees: how wide its line is, every line is. */
  readonly #sample: Row;
  #listHeight = 0;
  /** Where this view scrolled itself: a scroll event from elsewhere is the reader's. */
  #ownScrollTop = -1;

  constructor(host: HTMLElement, styles: ViewportStyles, label: string) {
    this.host = host;
    this.content = addElement(host, styles.content);
    this.#probe = addElement(this.content, styles.probe);
    this.#probe.textContent = "0".repeat(100);
    this.rows = addElement(this.content, styles.rows);
    this.rows.role = "grid";
    this.rows.tabIndex = 0;
    this.rows.ariaLabel = label;
    this.#sample = createRow(styles);
    this.#sample.root.classList.add(styles.probe);
    this.#sample.root.ariaHidden = "true";
    this.#sample.line.removeAttribute("data-testid");
    this.content.append(this.#sample.root);
  }

  /** Calls back when the list gets another size, or its font does. */
  observe(observer: ResizeObserver): void {
    observer.observe(this.host);
    observer.observe(this.#probe);
  }

  get height(): number {
    return this.host.clientHeight;
  }

  /** How many pixels of the list are above the window. */
  get top(): number {
    return this.host.scrollTop * this.#scale();
  }

  /** What to take from a place in the list to get the place in its element. */
  get shift(): number {
    return this.top - this.host.scrollTop;
  }

  /** Pixels that can still be scrolled. */
  get below(): number {
    return this.host.scrollHeight - this.host.clientHeight - this.host.scrollTop;
  }

  setHeight(listHeight: number, footerHeight: number): void {
    this.#listHeight = listHeight;
    this.content.style.height = `${physicalHeight(listHeight) + footerHeight}px`;
  }

  scrollTo(top: number): void {
    const before = this.host.scrollTop;
    const wanted = top === Infinity ? this.host.scrollHeight : top / this.#scale();
    if (Math.abs(wanted - before) < 0.5) {
      return;
    }
    this.host.scrollTop = wanted;
    if (this.host.scrollTop !== before) {
      this.#ownScrollTop = this.host.scrollTop;
    }
  }

  /** Whether the scroll event at hand was not made by {@link scrollTo}. */
  isScrolledByReader(): boolean {
    const byReader = Math.abs(this.host.scrollTop - this.#ownScrollTop) > 1;
    this.#ownScrollTop = -1;
    return byReader;
  }

  /** Applies the widths and finds out how many characters fit into a row of a line. */
  measureShape(wrap: boolean, { timeColumns, sourceColumns }: CellWidths): LayoutShape {
    const { clientWidth, style } = this.host;
    const compact = clientWidth > 0 && clientWidth < compactWidth;
    this.host.toggleAttribute("data-compact", compact);
    this.host.toggleAttribute("data-wrap", wrap);
    style.setProperty("--time-columns", String(timeColumns));
    style.setProperty("--source-columns", String(sourceColumns));
    const charWidth = this.#probe.getBoundingClientRect().width / 100;
    const columns = charWidth > 0 ? Math.floor(this.#sample.line.clientWidth / charWidth + 0.001) : 0;
    return { wrap, compact, columns: Math.max(columnsMin, columns) };
  }

  #scale(): number {
    return scrollScale(this.#listHeight, this.host.clientHeight);
  }
}

export function addElement(parent: HTMLElement, className: string): HTMLElement {
  const created = document.createElement("div");
  created.className = className;
  parent.append(created);
  return created;
}
