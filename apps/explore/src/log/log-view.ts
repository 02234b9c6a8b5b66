import { copyText, fillRow, type Row, type RowFormat } from "./log-row.ts";
import type { LogStore } from "./log-store.ts";
import { markTexts } from "./mark-texts.ts";
import { RowLayout, rowPadding } from "./row-layout.ts";
import { RowPool } from "./row-pool.ts";
import { addElement, Viewport, type CellWidths, type ViewportStyles } from "./viewport.ts";

/** How lines are shown. */
export interface LogViewFormat extends RowFormat, CellWidths {
  /** Texts to mark in the lines. */
  readonly marked: readonly string[];
}

export interface LogViewEvents {
  /** A row was opened or closed; its details belong into {@link LogView.detailsHost}. */
  readonly onOpen: (id: number | undefined) => void;
  /** The reader came near the end of the list. */
  readonly onNearEnd: () => void;
  /** The reader left the newest line, or came back to it. */
  readonly onFollow: (following: boolean) => void;
}

export interface LogViewStyles extends ViewportStyles {
  readonly details: string;
  readonly footer: string;
}

export interface LogViewOptions {
  readonly events: LogViewEvents;
  readonly styles: LogViewStyles;
  /** What a screen reader calls the list. */
  readonly label: string;
}

const overscanRows = 6;
const nearEndPx = 600;
const atEndPx = 4;
/** Lists that grow are painted at most so often. */
const paintEveryMs = 50;
/** Further than this a press is a drag, and opens nothing. */
const dragPx = 4;
const errorLevel = 5;

/**
 * The list of log lines: a pool of rows over a {@link LogStore}, painted inside the scroll event. React knows nothing
 * of its rows; it only fills {@link detailsHost} and {@link footerHost}.
 *
 * Wrapped rows break at exactly the last column (`break-spaces`, `line-break: anywhere`, one font), so that a row's
 * height is arithmetic. Lines with characters that may have another width are measured once when they are shown.
 */
export class LogView {
  readonly detailsHost: HTMLElement;
  readonly footerHost: HTMLElement;
  readonly #events: LogViewEvents;
  readonly #styles: LogViewStyles;
  readonly #viewport: Viewport;
  readonly #layout: RowLayout;
  readonly #pool: RowPool;
  readonly #measured = new Set<number>();
  readonly #cleanup = new AbortController();
  readonly #resizes: ResizeObserver;
  #store: LogStore;
  #format: LogViewFormat;
  #revision = -1;
  #currentId: number | undefined;
  #footerHeight = 0;
  #follow = false;
  /** Whether who scrolls to the end means to follow; a search has no newest line. */
  #canFollow = false;
  #paintTimer = 0;
  #paintedAt = 0;
  #pressed = { x: 0, y: 0 };

  constructor(host: HTMLElement, store: LogStore, format: LogViewFormat, options: LogViewOptions) {
    const { events, styles, label } = options;
    this.#store = store;
    this.#format = format;
    this.#events = events;
    this.#styles = styles;
    this.#viewport = new Viewport(host, styles, label);
    this.#pool = new RowPool(this.#viewport.rows, styles);
    this.detailsHost = addElement(this.#viewport.content, styles.details);
    this.footerHost = addElement(this.#viewport.content, styles.footer);
    this.#layout = new RowLayout(store, this.#viewport.measureShape(format.wrap, format));
    this.#resizes = new ResizeObserver(() => this.#resized());
    this.#viewport.observe(this.#resizes);
    this.#resizes.observe(this.detailsHost);
    this.#resizes.observe(this.footerHost);
    this.#listen(host);
    this.#paint();
  }

  destroy(): void {
    this.#cleanup.abort();
    this.#resizes.disconnect();
    clearTimeout(this.#paintTimer);
    this.#viewport.content.remove();
  }

  /** Shows another store from its start. */
  setStore(store: LogStore): void {
    if (store === this.#store) {
      return;
    }
    this.#store = store;
    this.#currentId = undefined;
    this.#measured.clear();
    this.#layout.rebuild(store, this.#layout.shape);
    this.#events.onOpen(undefined);
    this.#pool.forget();
    this.#viewport.setHeight(this.#layout.total, this.#footerHeight);
    this.#viewport.scrollTo(this.#follow ? Infinity : 0);
    this.#paint();
  }

  setFormat(format: LogViewFormat): void {
    this.#format = format;
    this.#reshape();
    this.#pool.forget();
    this.#paint();
  }

  /**
   * The store has changed: lines came at its end and may have left at its front. Painted soon, not at once.
   *
   * @param revision the same number means that nothing has changed.
   */
  storeChanged(revision: number): void {
    if (revision !== this.#revision) {
      this.#revision = revision;
      this.#paintSoon();
    }
  }

  /** Stays at the newest line while lines come; undefined for a list that has none, and never follows. */
  setFollow(follow: boolean | undefined): void {
    this.#canFollow = follow !== undefined;
    this.#follow = follow ?? false;
    if (this.#follow) {
      this.#paint();
    }
  }

  /** Opens a line's details, or closes the open ones. */
  open(id: number | undefined): void {
    if (id === this.#layout.openId) {
      return;
    }
    this.#sync();
    this.#keepingAnchor(() => this.#layout.open(id));
    if (this.#layout.openId !== undefined) {
      this.#currentId = id;
      this.#leave();
    }
    this.#events.onOpen(this.#layout.openId);
    this.#paint();
  }

  /** Opens the current line, or closes it. */
  toggleCurrent(): void {
    if (this.#currentId !== undefined) {
      this.open(this.#layout.openId === this.#currentId ? undefined : this.#currentId);
    }
  }

  /** Makes the line `steps` below the current one the current one. */
  moveCurrent(steps: number): void {
    const known = this.#currentIndex();
    const index = known < 0 ? this.#firstVisible() : Math.min(Math.max(known + steps, 0), this.#store.count - 1);
    if (this.#store.count > 0) {
      this.setCurrent(this.#store.idAt(index));
    }
  }

  /** Moves to the next line (`1`) or the one before (`-1`) that is an error or worse. */
  moveToError(direction: 1 | -1): void {
    const known = this.#currentIndex();
    const index = this.#store.findLevel(errorLevel, known < 0 ? this.#firstVisible() - direction : known, direction);
    if (index >= 0) {
      this.setCurrent(this.#store.idAt(index));
    }
  }

  setCurrent(id: number): void {
    this.#sync();
    const index = this.#store.indexOf(id);
    if (index >= 0) {
      this.#leave();
      this.#currentId = id;
      this.#viewport.scrollTo(this.#layout.topToReveal(index, this.#viewport.top, this.#viewport.height));
      this.#paint();
    }
  }

  toEnd(): void {
    this.#viewport.scrollTo(Infinity);
    this.#paint();
    this.#events.onNearEnd();
    this.#events.onFollow(true);
  }

  toStart(): void {
    this.#leave();
    this.#viewport.scrollTo(0);
    this.#paint();
  }

  #listen(host: HTMLElement): void {
    const { signal } = this.#cleanup;
    host.addEventListener("scroll", () => this.#scrolled(), { signal, passive: true });
    host.addEventListener("pointerdown", ({ clientX: x, clientY: y }) => (this.#pressed = { x, y }), { signal });
    host.addEventListener("click", (event) => this.#clicked(event), { signal });
    host.addEventListener("copy", (event) => this.#copied(event), { signal });
    document.addEventListener("selectionchange", () => this.#pool.pinSelection(), { signal });
    document.addEventListener("visibilitychange", () => this.#paintSoon(), { signal });
  }

  #scrolled(): void {
    if (this.#viewport.isScrolledByReader()) {
      const { below } = this.#viewport;
      const atEnd = below < atEndPx;
      if (this.#canFollow && atEnd !== this.#follow) {
        this.#follow = atEnd;
        this.#events.onFollow(atEnd);
      }
      if (below < nearEndPx) {
        this.#events.onNearEnd();
      }
    }
    this.#paint();
  }

  /** Opens the row under the pointer, unless text is being selected. */
  #clicked(event: MouseEvent): void {
    const row = (event.target as Element).closest<HTMLElement>("[data-row-id]");
    const moved = Math.hypot(event.clientX - this.#pressed.x, event.clientY - this.#pressed.y);
    const isSelecting = document.getSelection()?.isCollapsed === false;
    if (row === null || isSelecting || moved >= dragPx) {
      return;
    }
    const id = Number(row.dataset["rowId"]);
    const index = this.#store.indexOf(id);
    if (index >= 0 && !this.#store.isNoteAt(index)) {
      this.open(id === this.#layout.openId ? undefined : id);
    }
  }

  /** Copies whole lines with blanks between their parts, also those that are not in the document now. */
  #copied(event: ClipboardEvent): void {
    const [first, last] = this.#pool.selectedEnds();
    if (first === undefined || last === undefined || first === last || event.clipboardData === null) {
      return;
    }
    event.clipboardData.setData("text/plain", copyText(this.#store, first, last, this.#format));
    event.preventDefault();
  }

  #sync(): void {
    const wasOpen = this.#layout.openId;
    this.#keepingAnchor(() => this.#layout.sync());
    if (wasOpen !== this.#layout.openId) {
      this.#events.onOpen(undefined);
    }
  }

  /** Changes heights and keeps the line at the top of the window where it is, or the newest line when following. */
  #keepingAnchor(change: () => void): void {
    const anchor = this.#layout.anchorAt(this.#viewport.top);
    change();
    this.#viewport.setHeight(this.#layout.total, this.#footerHeight);
    if (this.#follow) {
      this.#viewport.scrollTo(Infinity);
    } else if (anchor !== undefined) {
      this.#viewport.scrollTo(this.#layout.topOf(anchor));
    }
  }

  #resized(): void {
    const { openId, detailsHeight } = this.#layout;
    const details = openId === undefined ? 0 : this.detailsHost.offsetHeight;
    this.#keepingAnchor(() => {
      this.#footerHeight = this.footerHost.offsetHeight;
      this.#layout.setDetailsHeight(details);
    });
    this.#reshape();
    this.#paint();
    // Details that were just opened below the window are brought into sight.
    if (openId !== undefined && detailsHeight === 0 && details > 0) {
      this.setCurrent(openId);
    }
  }

  /** Lays out anew when another number of characters fits into a row. */
  #reshape(): void {
    const shape = this.#viewport.measureShape(this.#format.wrap, this.#format);
    const before = this.#layout.shape;
    const sameRows = shape.columns === before.columns || !shape.wrap;
    if (shape.wrap !== before.wrap || shape.compact !== before.compact || !sameRows) {
      this.#measured.clear();
      this.#keepingAnchor(() => this.#layout.rebuild(this.#store, shape));
      this.#pool.forget();
    }
  }

  #currentIndex(): number {
    return this.#currentId === undefined ? -1 : this.#store.indexOf(this.#currentId);
  }

  #firstVisible(): number {
    return Math.max(0, this.#layout.indexAt(this.#viewport.top + rowPadding));
  }

  /** Whoever looks at one line does not want it to run away. */
  #leave(): void {
    if (this.#follow) {
      this.#follow = false;
      this.#events.onFollow(false);
    }
  }

  /** Nobody sees a hidden page; it is painted when it is shown again. */
  #paintSoon(): void {
    if (this.#paintTimer === 0 && !document.hidden) {
      const waitMs = Math.max(0, this.#paintedAt + paintEveryMs - performance.now());
      this.#paintTimer = window.setTimeout(() => {
        this.#paintTimer = 0;
        this.#paint();
      }, waitMs);
    }
  }

  #paint(): void {
    this.#paintedAt = performance.now();
    this.#sync();
    // Measuring may move rows; the second round puts them right.
    if (this.#paintRows()) {
      this.#paintRows();
    }
    this.#placeHosts();
  }

  /** @returns whether a measured height differed from the arithmetic one. */
  #paintRows(): boolean {
    const layout = this.#layout;
    const { top, height, shift } = this.#viewport;
    const first = Math.max(0, layout.indexAt(top) - overscanRows);
    const last = Math.min(layout.count - 1, layout.indexAt(top + height) + overscanRows);
    this.#pool.grow(last - first + 1);
    const used = new Set<Row>();
    for (let i = first; i <= last; i++) {
      const id = layout.idAt(i);
      const row = this.#pool.rowOf(id);
      used.add(row);
      if (row.id !== id) {
        fillRow(row, this.#store, i, this.#format, this.#styles);
      }
      row.root.toggleAttribute("data-open", id === layout.openId);
      row.root.toggleAttribute("data-current", id === this.#currentId);
      row.root.style.transform = `translateY(${layout.offsetOf(i) - shift}px)`;
      row.root.hidden = false;
    }
    this.#pool.hideOthers(used);
    const lines = [...used].map((row) => row.texts.line);
    markTexts(lines, this.#format.marked);
    return this.#format.wrap && this.#measure(first, last);
  }

  /** Measures the lines in sight whose characters may be wider than arithmetic thinks; each once per shape. */
  #measure(first: number, last: number): boolean {
    const heights: (readonly [index: number, height: number])[] = [];
    for (let i = first; i <= last; i++) {
      const id = this.#layout.idAt(i);
      if (!this.#store.isPlainAt(i) && !this.#measured.has(id)) {
        this.#measured.add(id);
        heights.push([i, this.#pool.rowOf(id).line.offsetHeight]);
      }
    }
    let repaired = false;
    this.#keepingAnchor(() => {
      for (const [index, height] of heights) {
        repaired = this.#layout.setMeasured(index, height) || repaired;
      }
    });
    return repaired;
  }

  #placeHosts(): void {
    const { rows, shift } = this.#viewport;
    const details = this.#layout.detailsOffset();
    this.detailsHost.hidden = details === undefined;
    this.detailsHost.style.transform = `translateY(${(details ?? 0) - shift}px)`;
    this.footerHost.style.transform = `translateY(${this.#layout.total - shift}px)`;
    rows.ariaRowCount = String(this.#store.count);
    if (this.#currentId === undefined) {
      rows.removeAttribute("aria-activedescendant");
    } else {
      rows.setAttribute("aria-activedescendant", `log-row-${this.#currentId}`);
    }
  }
}
