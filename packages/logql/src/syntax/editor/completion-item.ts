import type { Matcher } from "@sluice/model";

/** What can stand at the cursor. */
export type CompletionKind =
  /** A label of streams. */
  | "streamLabel"
  /** A label of streams, structured metadata or a field that a parser found. */
  | "field"
  /** A value of {@link CompletionItem.label}. */
  | "labelValue"
  | "fieldValue"
  /** A name that is up to the user. */
  | "newLabel"
  | "matchOperator"
  | "lineFilter"
  | "stage"
  | "function"
  | "conversion"
  | "keyword"
  | "operator"
  | "range"
  | "duration"
  | "number"
  | "flag"
  | "punctuation"
  /** Texts that are up to the user. */
  | "lineText"
  | "regex"
  | "linePattern"
  | "template"
  | "path"
  | "ipPattern"
  | "text";

export interface CompletionItem {
  readonly kind: CompletionKind;
  /** What to put there, or undefined when the language does not know it: names, values, numbers. */
  readonly text?: string;
  /** What it does, in a few words. */
  readonly detail?: string;
  /** Of values: the label whose value it is. */
  readonly label?: string;
  /** Of values and texts: whether quotes are still to be put around. */
  readonly needsQuotes?: boolean;
}

export interface Completion {
  /** The part of the text that an item replaces, in UTF-16 units, `to` exclusive. */
  readonly from: number;
  readonly to: number;
  /** What is in that part before the cursor: items may be filtered by it. */
  readonly prefix: string;
  readonly items: readonly CompletionItem[];
  /** The other matchers of the selector that the cursor is in or behind: for asking the server for names and values. */
  readonly matchers: readonly Matcher[];
}
