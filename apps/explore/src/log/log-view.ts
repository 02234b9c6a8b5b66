import { displayText, rowCount } from "./display-text.ts";
import { levelLetters, levelNames } from "./level.ts";
import type { LogStore } from "./log-store.ts";
import { markTexts } from "./mark-texts.ts";
import { RowHeights } from "./row-heights.ts";
import { createRow, type Row } from "./log-row.ts";

/** How lines are shown. */
export interface LogViewFormat {
  readonly wrap: boolean;
  /** Texts to mark in the lines. */
  readonly marked: readonly string[];
  /** The label whose value stands in each row; empty for none. */
  readonly source: string;
  /** A time without its fraction. */
  readonly time: (seconds: number) => string;
}

export interface LogViewEvents {
  /** A row was opened or closed; its details belong into {@link LogView.detailsHost}. */
  readonly onOpen: (id: number | undefined) => void;
  /** The reader came near the end of the list. */
  readonly onNearEnd: () => void;
  /** The reader left the newest line, or came back to it. */
  readonly onFollow: (following: boolean) => void;
}

export interface LogViewStyles {
  readonly content: string;
  readonly details: string;
  readonly footer: string;
  readonly probe: string;
  readonly row: string;
  readonly level: string;
  readonly time: string;
  readonly source: string;
  readonly line: string;
  readonly note: string;
}

const lineHeight = 20;
const rowPadding = 2;
const overscanRows = 6;
/** Browsers do not lay out beyond about 33 million pixels: higher lists scroll in scaled steps. */
const physicalHeightMax = 30_000_000;
const compactWidth = 640;
const nearEndPx = 600;
/** Live lists are painted at most so often. */
const paintEveryMs = 50;
const dragPx = 4;

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
  readonly #host: HTMLElement;
  readonly #events: LogViewEvents;
  readonly #styles: LogViewStyles;
  readonly #content: HTMLElement;
  readonly #probe: HTMLElement;
  /** A row that nobody sees: how wide its line is, every line is. */
  readonly #sample: Row;
  readonly #heights = new RowHeights();
  readonly #pool: Row[] = [];
  /** Rows that hold the text selection: they stay as they are while they are out of sight. */
  readonly #pinned = new Map<number, Row>();
  readonly #measured = new Set<number>();
  readonly #cleanup = new AbortController();
  readonly #resizes: ResizeObserver;
  #store: LogStore;
  #format: LogViewFormat;
  /** The store's first id that the heights know, and how many rows from there. */
  #knownFirstId = 0;
  #columns = 80;
  #compact = false;
  #openId: number | undefined;
  #currentId: number | undefined;
  #detailsHeight = 0;
  #footerHeight = 0;
  #follow = false;
  #paintTimer = 0;
  #paintedAt = 0;
  #pressed: { readonly x: number; readonly y: number } = { x: 0, y: 0 };
  #ownScrollTop = -1;

  constructor(host: HTMLElement, store: LogStore, format: LogViewFormat, events: LogViewEvents, styles: LogViewStyles) {
    this.#host = host;
    this.#store = store;
    this.#format = format;
    this.#events = events;
    this.#styles = styles;
    this.#content = element(host, styles.content);
    this.#probe = element(this.#content, styles.probe);
    this.#probe.textContent = "0".repeat(100);
    this.#sample = createRow(styles);
    this.#sample.root.classList.add(styles.probe);
    this.#sample.root.ariaHidden = "true";
    this.#sample.line.removeAttribute("data-testid");
    this.#content.append(this.#sample.root);
    this.detailsHost = element(this.#content, styles.details);
    this.footerHost = element(this.#content, styles.footer);
    this.#resizes = new ResizeObserver(() => this.#resized());
    for (const watched of [host, this.detailsHost, this.footerHost, this.#probe]) {
      this.#resizes.observe(watched);
    }
    this.#listen();
    this.#measureColumns();
    this.setStore(store);
  }

  destroy(): void {
    this.#cleanup.abort();
    this.#resizes.disconnect();
    clearTimeout(this.#paintTimer);
    this.#content.remove();
  }

  /** Shows another store from its start. */
  setStore(store: LogStore): void {
    this.#store = store;
    this.#openId = undefined;
    this.#currentId = undefined;
    this.#events.onOpen(undefined);
    this.#rebuild();
    this.#scrollTo(this.#follow ? Infinity : 0);
    this.#paint();
  }

  setFormat(format: LogViewFormat): void {
    const relayout = format.wrap !== this.#format.wrap;
    this.#format = format;
    if (relayout) {
      this.#keepingAnchor(() => this.#rebuild());
    }
    this.#forget();
    // The widths of the cells follow from the format.
    this.#measureColumns();
    this.#paint();
  }

  /** The store has changed: lines came at its end and may have left at its front. */
  storeChanged(): void {
    if (this.#paintTimer !== 0 || document.hidden) {
      return;
    }
    const waitMs = Math.max(0, this.#paintedAt + paintEveryMs - performance.now());
    this.#paintTimer = window.setTimeout(() => {
      this.#paintTimer = 0;
      this.#sync();
      this.#paint();
    }, waitMs);
  }

  /** Stays at the newest line while lines come. */
  setFollow(follow: boolean): void {
    this.#setFollow(follow);
    if (follow) {
      this.#sync();
      this.#scrollTo(Infinity);
      this.#paint();
    }
  }

  get currentId(): number | undefined {
    return this.#currentId;
  }

  open(id: number | undefined): void {
    if (id === this.#openId) {
      return;
    }
    this.#sync();
    this.#keepingAnchor(() => {
      this.#setDetailsHeight(0);
      this.#openId = id === undefined || this.#store.indexOf(id) < 0 ? undefined : id;
      this.#detailsHeight = 0;
    });
    if (this.#openId !== undefined) {
      this.#currentId = this.#openId;
      this.#setFollow(false);
    }
    this.#events.onOpen(this.#openId);
    this.#forget();
    this.#paint();
  }

  /** Makes the line `steps` below the current one the current one. */
  moveCurrent(steps: number): void {
    const { count } = this.#store;
    if (count === 0) {
      return;
    }
    const known = this.#currentId === undefined ? -1 : this.#store.indexOf(this.#currentId);
    const index = known < 0 ? this.#firstVisible() : Math.min(Math.max(known + steps, 0), count - 1);
    this.setCurrent(this.#store.idAt(index));
  }

  /** Moves to the next line (`1`) or the one before (`-1`) that is an error or worse. */
  moveToError(direction: 1 | -1): void {
    const known = this.#currentId === undefined ? -1 : this.#store.indexOf(this.#currentId);
    const from = known < 0 ? this.#firstVisible() - direction : known;
    for (let i = from + direction; i >= 0 && i < this.#store.count; i += direction) {
      if (this.#store.levelAt(i) >= 5) {
        this.setCurrent(this.#store.idAt(i));
        return;
      }
    }
  }

  setCurrent(id: number): void {
    const index = this.#store.indexOf(id);
    if (index < 0) {
      return;
    }
    this.#setFollow(false);
    this.#currentId = id;
    this.#reveal(index);
    this.#forget();
    this.#paint();
  }

  /** Opens the current line, or closes it. */
  toggleCurrent(): void {
    if (this.#currentId !== undefined) {
      this.open(this.#openId === this.#currentId ? undefined : this.#currentId);
    }
  }

  toEnd(): void {
    this.#scrollTo(Infinity);
    this.#paint();
  }

  toStart(): void {
    this.#setFollow(false);
    this.#scrollTo(0);
    this.#paint();
  }

  #listen(): void {
    const { signal } = this.#cleanup;
    this.#host.addEventListener("scroll", () => this.#scrolled(), { signal, passive: true });
    this.#host.addEventListener("pointerdown", ({ clientX: x, clientY: y }) => (this.#pressed = { x, y }), { signal });
    this.#host.addEventListener("click", (event) => this.#clicked(event), { signal });
    this.#host.addEventListener("copy", (event) => this.#copied(event), { signal });
    document.addEventListener("selectionchange", () => this.#pinSelection(), { signal });
    document.addEventListener(
      "visibilitychange",
      () => {
        if (!document.hidden) {
          this.#sync();
          this.#paint();
        }
      },
      { signal },
    );
  }

  #scrolled(): void {
    const top = this.#host.scrollTop;
    const byReader = Math.abs(top - this.#ownScrollTop) > 1;
    this.#ownScrollTop = -1;
    if (byReader) {
      const toEnd = this.#host.scrollHeight - this.#host.clientHeight - top;
      this.#setFollow(toEnd < 4);
      if (toEnd < nearEndPx) {
        this.#events.onNearEnd();
      }
    }
    this.#paint();
  }

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
      this.open(id === this.#openId ? undefined : id);
    }
  }

  /** Copies whole lines with blanks between their parts, also those that are not in the document now. */
  #copied(event: ClipboardEvent): void {
    const [first, last] = this.#selectedIds();
    if (first === undefined || last === undefined || first === last || event.clipboardData === null) {
      return;
    }
    const texts: string[] = [];
    for (let id = first; id <= last; id++) {
      const index = this.#store.indexOf(id);
      if (index >= 0) {
        texts.push(this.#copyText(index));
      }
    }
    event.clipboardData.setData("text/plain", texts.join("\n"));
    event.preventDefault();
  }

  #copyText(index: number): string {
    const level = levelNames[this.#store.levelAt(index)];
    const source = this.#store.labelsAt(index)[this.#format.source] ?? "";
    const parts = [this.#timeText(index), level === "unknown" ? "" : level, source, this.#store.lineAt(index)];
    return parts.filter((part) => part !== "").join(" ");
  }

  #selectedIds(): readonly number[] {
    const selection = document.getSelection();
    if (selection === null || selection.isCollapsed) {
      return [];
    }
    return [selection.anchorNode, selection.focusNode]
      .map((node) => (node instanceof Element ? node : node?.parentElement)?.closest<HTMLElement>("[data-row-id]"))
      .flatMap((row) =>
        row !== null && row !== undefined && this.#host.contains(row) ? [Number(row.dataset["rowId"])] : [],
      )
      .sort((a, b) => a - b);
  }

  #pinSelection(): void {
    const selected = new Set(this.#selectedIds());
    for (const [id, row] of this.#pinned) {
      if (!selected.has(id)) {
        this.#pinned.delete(id);
        row.root.remove();
      }
    }
    for (const [slot, row] of this.#pool.entries()) {
      if (row.id !== undefined && selected.has(row.id) && !this.#pinned.has(row.id)) {
        this.#pinned.set(row.id, row);
        this.#pool[slot] = this.#newRow();
      }
    }
  }

  #newRow(): Row {
    const row = createRow(this.#styles);
    this.#content.append(row.root);
    return row;
  }

  /** Brings the heights in step with the store. */
  #sync(): void {
    const { firstId, count } = this.#store;
    const knownEnd = this.#knownFirstId + this.#heights.count;
    if (firstId > knownEnd || firstId + count < knownEnd) {
      this.#rebuild();
      return;
    }
    this.#keepingAnchor(() => {
      this.#heights.evict(firstId - this.#knownFirstId);
      this.#knownFirstId = firstId;
      for (let i = this.#heights.count; i < count; i++) {
        this.#heights.append(this.#heightOf(i));
      }
      if (this.#openId !== undefined && this.#store.indexOf(this.#openId) < 0) {
        this.#openId = undefined;
        this.#detailsHeight = 0;
        this.#events.onOpen(undefined);
      }
    });
  }

  #rebuild(): void {
    this.#heights.clear();
    this.#measured.clear();
    this.#knownFirstId = this.#store.firstId;
    for (let i = 0; i < this.#store.count; i++) {
      this.#heights.append(this.#heightOf(i));
    }
    this.#forget();
  }

  #heightOf(index: number): number {
    const extra = this.#openId !== undefined && this.#store.idAt(index) === this.#openId ? this.#detailsHeight : 0;
    return this.#rowsOf(index) * lineHeight + rowPadding + extra;
  }

  #rowsOf(index: number): number {
    const above = this.#compact && !this.#store.isNoteAt(index) ? 1 : 0;
    if (!this.#format.wrap) {
      return 1 + above;
    }
    const line = this.#store.lineAt(index);
    const rows = this.#store.isPlainAt(index)
      ? Math.max(1, Math.ceil(line.length / this.#columns))
      : rowCount(displayText(line), this.#columns);
    return rows + above;
  }

  /** Changes heights and keeps the line at the top of the window where it is, or the newest line when following. */
  #keepingAnchor(change: () => void): void {
    const top = this.#virtualTop();
    const index = this.#heights.indexAt(top);
    const id = index < 0 ? undefined : this.#knownFirstId + index;
    const within = index < 0 ? 0 : top - this.#heights.offsetOf(index);
    change();
    this.#resizeContent();
    if (this.#follow) {
      this.#scrollTo(Infinity);
    } else if (id !== undefined) {
      const now = Math.max(0, id - this.#knownFirstId);
      this.#scrollTo(
        this.#heights.offsetOf(Math.min(now, this.#heights.count)) + (id < this.#knownFirstId ? 0 : within),
      );
    }
  }

  #setDetailsHeight(height: number): void {
    const index = this.#openId === undefined ? -1 : this.#store.indexOf(this.#openId);
    if (index >= 0) {
      const base = this.#heights.height(index) - this.#detailsHeight;
      this.#heights.set(index, base + height);
    }
    this.#detailsHeight = height;
  }

  #resized(): void {
    const details = this.#openId === undefined ? 0 : this.detailsHost.offsetHeight;
    if (details !== this.#detailsHeight) {
      this.#keepingAnchor(() => this.#setDetailsHeight(details));
    }
    this.#footerHeight = this.footerHost.offsetHeight;
    this.#measureColumns();
    this.#resizeContent();
    if (this.#follow) {
      this.#scrollTo(Infinity);
    }
    this.#paint();
  }

  #measureColumns(): void {
    const width = this.#host.clientWidth;
    const compact = width > 0 && width < compactWidth;
    this.#host.toggleAttribute("data-compact", compact);
    this.#host.toggleAttribute("data-wrap", this.#format.wrap);
    const charWidth = this.#probe.getBoundingClientRect().width / 100;
    // The first cells have fixed widths: what they leave is the same for every row.
    const lineWidth = this.#sample.line.clientWidth;
    const columns = Math.max(10, charWidth > 0 ? Math.floor(lineWidth / charWidth + 0.001) : 80);
    if (columns === this.#columns && compact === this.#compact) {
      return;
    }
    const relayout = this.#format.wrap || compact !== this.#compact;
    this.#columns = columns;
    this.#compact = compact;
    if (relayout) {
      this.#keepingAnchor(() => this.#rebuild());
    }
  }

  #addToPool(): Row {
    const row = this.#newRow();
    this.#pool.push(row);
    return row;
  }

  #height(): number {
    return this.#heights.total;
  }

  #resizeContent(): void {
    const height = Math.min(this.#height(), physicalHeightMax) + this.#footerHeight;
    this.#content.style.height = `${height}px`;
  }

  /** How many pixels of the list one physical pixel stands for, beyond its own. */
  #scale(): number {
    const height = this.#height();
    const view = this.#host.clientHeight;
    return height <= physicalHeightMax ? 1 : (height - view) / (physicalHeightMax - view);
  }

  #virtualTop(): number {
    return this.#host.scrollTop * this.#scale();
  }

  #scrollTo(top: number): void {
    const physical = top === Infinity ? this.#host.scrollHeight : top / this.#scale();
    if (Math.abs(physical - this.#host.scrollTop) < 0.5) {
      return;
    }
    this.#host.scrollTop = physical;
    this.#ownScrollTop = this.#host.scrollTop;
  }

  #reveal(index: number): void {
    const top = this.#heights.offsetOf(index);
    const bottom = top + Math.min(this.#heights.height(index), this.#host.clientHeight / 2);
    const view = this.#virtualTop();
    const height = this.#host.clientHeight;
    const margin = Math.min(3 * lineHeight, height / 4);
    if (top < view + margin) {
      this.#scrollTo(Math.max(0, top - margin));
    } else if (bottom > view + height - margin) {
      this.#scrollTo(bottom - height + margin);
    }
  }

  #firstVisible(): number {
    return Math.max(0, this.#heights.indexAt(this.#virtualTop() + rowPadding));
  }

  #setFollow(follow: boolean): void {
    if (follow !== this.#follow) {
      this.#follow = follow;
      this.#events.onFollow(follow);
    }
  }

  /** Forgets what the rows show: the next paint fills all of them. */
  #forget(): void {
    for (const row of this.#pool) {
      row.id = undefined;
    }
  }

  #paint(): void {
    this.#paintedAt = performance.now();
    this.#resizeContent();
    // Measuring may move rows; a second round puts them right, a third is never needed.
    for (let round = 0; round < 2 && this.#paintRows(); round++) {
      this.#resizeContent();
    }
    this.#placeHosts();
  }

  /** @returns whether a measured height differed from the arithmetic one. */
  #paintRows(): boolean {
    const shift = this.#virtualTop() - this.#host.scrollTop;
    const top = this.#virtualTop();
    const first = Math.max(0, this.#heights.indexAt(top) - overscanRows);
    const last = Math.min(this.#heights.count - 1, this.#heights.indexAt(top + this.#host.clientHeight) + overscanRows);
    const wanted = last - first + 1;
    if (this.#pool.length < wanted) {
      // A row keeps its element by id modulo pool size; another size moves them all.
      while (this.#pool.length < wanted + overscanRows) {
        this.#addToPool();
      }
      this.#forget();
    }
    const used = new Set<Row>();
    for (let i = first; i <= last; i++) {
      const id = this.#knownFirstId + i;
      const row = this.#pinned.get(id) ?? this.#pool[id % this.#pool.length]!;
      used.add(row);
      if (row.id !== id) {
        this.#fill(row, i, id);
      }
      row.root.style.transform = `translateY(${this.#heights.offsetOf(i) - shift}px)`;
      row.root.hidden = false;
    }
    for (const row of this.#pool) {
      if (!used.has(row)) {
        row.id = undefined;
        row.root.hidden = true;
      }
    }
    const repaired = this.#format.wrap && this.#measure(first, last);
    markTexts(
      [...used].map((row) => row.line),
      this.#format.marked,
    );
    return repaired;
  }

  #fill(row: Row, index: number, id: number): void {
    const store = this.#store;
    const level = store.levelAt(index);
    const isNote = store.isNoteAt(index);
    const raw = store.lineAt(index);
    const text = store.isPlainAt(index) ? raw : displayText(raw);
    row.id = id;
    const { root } = row;
    root.dataset["rowId"] = String(id);
    root.dataset["level"] = levelNames[level];
    root.dataset["ts"] = store.nsAt(index).toString();
    root.dataset["testid"] = isNote ? "log-note" : "log-row";
    root.classList.toggle(this.#styles.note, isNote);
    root.toggleAttribute("data-open", id === this.#openId);
    root.toggleAttribute("data-current", id === this.#currentId);
    root.ariaRowIndex = String(index + 1);
    root.id = `log-row-${id}`;
    row.level.textContent = isNote ? "" : levelLetters[level];
    row.time.textContent = isNote ? "" : this.#timeText(index);
    row.source.textContent = isNote ? "" : (store.labelsAt(index)[this.#format.source] ?? "");
    row.line.textContent = this.#format.wrap || isNote ? text : text.replaceAll("\n", " ↵ ");
  }

  #timeText(index: number): string {
    const millis = Math.floor(this.#store.nanosAt(index) / 1e6);
    return `${this.#format.time(this.#store.secondsAt(index))}.${String(millis).padStart(3, "0")}`;
  }

  /** Measures the lines in sight whose characters may be wider than arithmetic thinks; each once per layout. */
  #measure(first: number, last: number): boolean {
    let repaired = false;
    for (let i = first; i <= last; i++) {
      const id = this.#knownFirstId + i;
      if (this.#store.isPlainAt(i) || this.#measured.has(id)) {
        continue;
      }
      this.#measured.add(id);
      const row = this.#pinned.get(id) ?? this.#pool[id % this.#pool.length]!;
      const extra = id === this.#openId ? this.#detailsHeight : 0;
      const above = this.#compact && !this.#store.isNoteAt(i) ? lineHeight : 0;
      const height = row.line.offsetHeight + above + rowPadding + extra;
      if (height !== this.#heights.height(i)) {
        this.#keepingAnchor(() => this.#heights.set(i, height));
        repaired = true;
      }
    }
    return repaired;
  }

  #placeHosts(): void {
    const shift = this.#virtualTop() - this.#host.scrollTop;
    const index = this.#openId === undefined ? -1 : this.#store.indexOf(this.#openId);
    this.detailsHost.hidden = index < 0;
    if (index >= 0) {
      const base = this.#heights.height(index) - this.#detailsHeight;
      this.detailsHost.style.transform = `translateY(${this.#heights.offsetOf(index) + base - shift}px)`;
    }
    this.footerHost.style.transform = `translateY(${this.#height() - shift}px)`;
    this.#host.ariaRowCount = String(this.#store.count);
    const current = this.#currentId;
    if (current === undefined) {
      this.#host.removeAttribute("aria-activedescendant");
    } else {
      this.#host.setAttribute("aria-activedescendant", `log-row-${current}`);
    }
  }
}

function element(parent: HTMLElement, className: string): HTMLElement {
  const created = document.createElement("div");
  created.className = className;
  parent.append(created);
  return created;
}
