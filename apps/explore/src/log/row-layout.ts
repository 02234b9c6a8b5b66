import { displayText, rowCount } from "./display-text.ts";
import type { LogStore } from "./log-store.ts";
import { RowHeights } from "./row-heights.ts";

export const lineHeight = 20;
export const rowPadding = 2;

/** What heights depend on, besides the lines. */
export interface LayoutShape {
  readonly wrap: boolean;
  /** Characters that fit into one row of a line. */
  readonly columns: number;
  /** Time and level stand in a row of their own above the line. */
  readonly compact: boolean;
}

/** A place in the list that survives changes above it. */
export interface Anchor {
  readonly id: number;
  /** Pixels of that row that are scrolled out. */
  readonly within: number;
}

/**
 * Where each row of a store is, in pixels. It follows the store by {@link sync}; in between it describes the store as
 * it was. One row may be open: it has its details under it.
 */
export class RowLayout {
  readonly #heights = new RowHeights();
  #store: LogStore;
  #shape: LayoutShape;
  #firstId = 0;
  #openId: number | undefined;
  #detailsHeight = 0;

  constructor(store: LogStore, shape: LayoutShape) {
    this.#store = store;
    this.#shape = shape;
    this.rebuild(store, shape);
  }

  get count(): number {
    return this.#heights.count;
  }

  get total(): number {
    return this.#heights.total;
  }

  get shape(): LayoutShape {
    return this.#shape;
  }

  get openId(): number | undefined {
    return this.#openId;
  }

  get detailsHeight(): number {
    return this.#detailsHeight;
  }

  idAt(index: number): number {
    return this.#firstId + index;
  }

  offsetOf(index: number): number {
    return this.#heights.offsetOf(index);
  }

  height(index: number): number {
    return this.#heights.height(index);
  }

  indexAt(offset: number): number {
    return this.#heights.indexAt(offset);
  }

  /** Computes all heights anew, for another store or another shape. */
  rebuild(store: LogStore, shape: LayoutShape): void {
    if (store !== this.#store) {
      this.#openId = undefined;
      this.#detailsHeight = 0;
    }
    this.#store = store;
    this.#shape = shape;
    this.#heights.clear();
    this.#firstId = store.firstId;
    for (let i = 0; i < store.count; i++) {
      this.#heights.append(this.#heightOf(i));
    }
  }

  /** Follows the store: rows that left at the front, rows that came at the end. */
  sync(): void {
    const { firstId, count } = this.#store;
    const end = this.#firstId + this.#heights.count;
    if (firstId > end || firstId + count < end) {
      this.rebuild(this.#store, this.#shape);
    } else {
      this.#heights.evict(firstId - this.#firstId);
      this.#firstId = firstId;
      for (let i = this.#heights.count; i < count; i++) {
        this.#heights.append(this.#heightOf(i));
      }
    }
    if (this.#openId !== undefined && this.#store.indexOf(this.#openId) < 0) {
      this.#openId = undefined;
      this.#detailsHeight = 0;
    }
  }

  /** Opens a row, or closes the open one. Its details have no height until they are measured. */
  open(id: number | undefined): void {
    this.setDetailsHeight(0);
    this.#openId = id === undefined || this.#store.indexOf(id) < 0 ? undefined : id;
  }

  setDetailsHeight(height: number): void {
    const index = this.#openIndex();
    if (index >= 0) {
      this.#heights.set(index, this.#heights.height(index) - this.#detailsHeight + height);
    }
    this.#detailsHeight = index < 0 ? 0 : height;
  }

  /** Where the details of the open row begin; undefined when none is open. */
  detailsOffset(): number | undefined {
    const index = this.#openIndex();
    return index < 0 ? undefined : this.offsetOf(index) + this.height(index) - this.#detailsHeight;
  }

  /**
   * Puts a measured height of a line in the place of the computed one.
   *
   * @param height pixels of the line alone.
   * @returns whether they differed.
   */
  setMeasured(index: number, height: number): boolean {
    const details = index === this.#openIndex() ? this.#detailsHeight : 0;
    const measured = height + this.#above(index) * lineHeight + rowPadding + details;
    if (measured === this.#heights.height(index)) {
      return false;
    }
    this.#heights.set(index, measured);
    return true;
  }

  anchorAt(top: number): Anchor | undefined {
    const index = this.indexAt(top);
    return index < 0 ? undefined : { id: this.idAt(index), within: top - this.offsetOf(index) };
  }

  /** Where to scroll to so that an anchor is where it was; its row may have left. */
  topOf({ id, within }: Anchor): number {
    const index = id - this.#firstId;
    return index < 0 ? 0 : this.offsetOf(Math.min(index, this.count)) + within;
  }

  /** Where to scroll to, as near to `top` as can be, so that a row is in sight with some rows around it. */
  topToReveal(index: number, top: number, viewHeight: number): number {
    const start = this.offsetOf(index);
    const end = start + Math.min(this.height(index), viewHeight / 2);
    const margin = Math.min(3 * lineHeight, viewHeight / 4);
    return Math.max(0, Math.min(Math.max(top, end + margin - viewHeight), start - margin));
  }

  #openIndex(): number {
    return this.#openId === undefined ? -1 : this.#store.indexOf(this.#openId);
  }

  #heightOf(index: number): number {
    const details = this.#openId !== undefined && this.#store.idAt(index) === this.#openId ? this.#detailsHeight : 0;
    return (this.#rowsOf(index) + this.#above(index)) * lineHeight + rowPadding + details;
  }

  #rowsOf(index: number): number {
    const { wrap, columns } = this.#shape;
    if (!wrap) {
      return 1;
    }
    const line = this.#store.lineAt(index);
    return this.#store.isPlainAt(index)
      ? Math.max(1, Math.ceil(line.length / columns))
      : rowCount(displayText(line), columns);
  }

  #above(index: number): number {
    return this.#shape.compact && !this.#store.isNoteAt(index) ? 1 : 0;
  }
}
