import { displayText } from "./display-text.ts";
import { levelLetters, levelNames } from "./level.ts";
import type { LogStore } from "./log-store.ts";

/** How rows show their lines. */
export interface RowFormat {
  readonly wrap: boolean;
  /** The label whose value stands in each row; empty for none. */
  readonly source: string;
  /** A time without its fraction. */
  readonly time: (seconds: number) => string;
}

/** One row of the pool: an element with one text node per cell. */
export interface Row {
  /** The line that it shows; undefined when it is free or out of date. */
  id: number | undefined;
  readonly root: HTMLElement;
  readonly line: HTMLElement;
  readonly texts: {
    readonly level: Text;
    readonly time: Text;
    readonly source: Text;
    readonly line: Text;
  };
}

export interface RowStyles {
  readonly row: string;
  readonly level: string;
  readonly time: string;
  readonly source: string;
  readonly line: string;
  readonly note: string;
}

export function createRow(styles: RowStyles): Row {
  const root = document.createElement("div");
  root.className = styles.row;
  root.role = "row";
  const texts = {
    level: cell(root, styles.level),
    time: cell(root, styles.time),
    source: cell(root, styles.source),
    line: cell(root, styles.line),
  };
  const line = texts.line.parentElement!;
  line.dataset["testid"] = "log-line";
  return { id: undefined, root, line, texts };
}

/** Shows a line of the store in a row. Log text is hostile: it only ever becomes text nodes. */
export function fillRow(row: Row, store: LogStore, index: number, format: RowFormat, styles: RowStyles): void {
  const id = store.idAt(index);
  const level = store.levelAt(index);
  const isNote = store.isNoteAt(index);
  const raw = store.lineAt(index);
  const text = store.isPlainAt(index) ? raw : displayText(raw);
  const { root } = row;
  row.id = id;
  root.id = `log-row-${id}`;
  root.dataset["rowId"] = String(id);
  root.dataset["level"] = levelNames[level];
  root.dataset["ts"] = store.nsAt(index).toString();
  root.dataset["testid"] = isNote ? "log-note" : "log-row";
  root.classList.toggle(styles.note, isNote);
  root.ariaRowIndex = String(index + 1);
  row.texts.level.data = isNote ? "" : levelLetters[level];
  row.texts.time.data = isNote ? "" : timeText(store, index, format);
  row.texts.source.data = isNote ? "" : (store.labelsAt(index)[format.source] ?? "");
  row.texts.line.data = format.wrap || isNote ? text : text.replaceAll("\n", " ↵ ");
}

/** The lines from one id to another as text, each with its time, level and source; those that have left are left out. */
export function copyText(store: LogStore, firstId: number, lastId: number, format: RowFormat): string {
  const texts: string[] = [];
  for (let id = firstId; id <= lastId; id++) {
    const index = store.indexOf(id);
    if (index >= 0) {
      texts.push(lineText(store, index, format));
    }
  }
  return texts.join("\n");
}

function lineText(store: LogStore, index: number, format: RowFormat): string {
  const level = levelNames[store.levelAt(index)];
  const source = store.labelsAt(index)[format.source] ?? "";
  const parts = [timeText(store, index, format), level === "unknown" ? "" : level, source, store.lineAt(index)];
  return parts.filter((part) => part !== "").join(" ");
}

function timeText(store: LogStore, index: number, { time }: RowFormat): string {
  const millis = Math.floor(store.nanosAt(index) / 1e6);
  return `${time(store.secondsAt(index))}.${String(millis).padStart(3, "0")}`;
}

/** A cell with a text node that stays: new nodes for each line would be thousands for the collector. */
function cell(root: HTMLElement, className: string): Text {
  const created = document.createElement("span");
  created.className = className;
  created.role = "gridcell";
  const text = document.createTextNode("");
  created.append(text);
  root.append(created);
  return text;
}
