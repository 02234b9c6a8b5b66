/** One row of the pool: an element with one text node per cell. */
export interface Row {
  /** The line that it shows; undefined when it is free or out of date. */
  id: number | undefined;
  readonly root: HTMLElement;
  readonly level: HTMLElement;
  readonly time: HTMLElement;
  readonly source: HTMLElement;
  readonly line: HTMLElement;
}

export interface RowStyles {
  readonly row: string;
  readonly level: string;
  readonly time: string;
  readonly source: string;
  readonly line: string;
}

export function createRow(styles: RowStyles): Row {
  const root = document.createElement("div");
  root.className = styles.row;
  root.role = "row";
  const level = cell(root, styles.level);
  const time = cell(root, styles.time);
  const source = cell(root, styles.source);
  const line = cell(root, styles.line);
  line.dataset["testid"] = "log-line";
  return { id: undefined, root, level, time, source, line };
}

function cell(root: HTMLElement, className: string): HTMLElement {
  const created = document.createElement("span");
  created.className = className;
  created.role = "gridcell";
  root.append(created);
  return created;
}
