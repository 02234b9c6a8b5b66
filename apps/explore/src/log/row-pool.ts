import { createRow, type Row, type RowStyles } from "./log-row.ts";

/** More rows than are wanted, so that a slightly higher window does not refill all of them. */
const spareRows = 6;

/**
 * The elements of a list's rows. A row's element follows from its line's id, so that rows that stay in sight keep
 * theirs. A row that holds an end of the text selection is pinned: it stays as it is while it is out of sight.
 */
export class RowPool {
  readonly #rows: HTMLElement;
  readonly #styles: RowStyles;
  readonly #slots: Row[] = [];
  readonly #pinned = new Map<number, Row>();

  constructor(rows: HTMLElement, styles: RowStyles) {
    this.#rows = rows;
    this.#styles = styles;
  }

  /** Makes room for so many rows at once. */
  grow(wanted: number): void {
    if (this.#slots.length >= wanted) {
      return;
    }
    while (this.#slots.length < wanted + spareRows) {
      this.#slots.push(this.#newRow());
    }
    this.forget();
  }

  rowOf(id: number): Row {
    return this.#pinned.get(id) ?? this.#slots[id % this.#slots.length]!;
  }

  /** Forgets what the rows show: the next paint fills all of them. */
  forget(): void {
    for (const row of [...this.#slots, ...this.#pinned.values()]) {
      row.id = undefined;
    }
  }

  /** Hides the rows that are not in use. */
  hideOthers(used: ReadonlySet<Row>): void {
    for (const row of this.#slots) {
      if (!used.has(row)) {
        row.id = undefined;
        row.root.hidden = true;
      }
    }
  }

  /** Ids of the rows where the text selection begins and ends, ascending; empty when nothing is selected here. */
  selectedEnds(): readonly [number, number] | readonly [] {
    const selection = document.getSelection();
    if (selection === null || selection.isCollapsed) {
      return [];
    }
    const first = this.#rowIdOf(selection.anchorNode);
    const last = this.#rowIdOf(selection.focusNode);
    return first === undefined || last === undefined ? [] : [Math.min(first, last), Math.max(first, last)];
  }

  /** Pins the rows of the selection, and frees those it has left. */
  pinSelection(): void {
    const ends = new Set<number>(this.selectedEnds());
    for (const [id, row] of this.#pinned) {
      if (!ends.has(id)) {
        this.#pinned.delete(id);
        row.root.remove();
      }
    }
    for (const [slot, row] of this.#slots.entries()) {
      if (row.id !== undefined && ends.has(row.id) && !this.#pinned.has(row.id)) {
        this.#pinned.set(row.id, row);
        this.#slots[slot] = this.#newRow();
      }
    }
  }

  #newRow(): Row {
    const row = createRow(this.#styles);
    row.root.hidden = true;
    this.#rows.append(row.root);
    return row;
  }

  #rowIdOf(node: Node | null): number | undefined {
    const element = node instanceof Element ? node : node?.parentElement;
    const row = element?.closest<HTMLElement>("[data-row-id]");
    return row === null || row === undefined || !this.#rows.contains(row) ? undefined : Number(row.dataset["rowId"]);
  }
}
