import { ServiceError } from "@sluice/model";
import type { Line } from "./line.ts";

/** A template of `line_format` or `label_format`, as a stage uses it. */
export interface FormatTemplate {
  /** Names of labels that it reads. */
  readonly names: readonly string[];
  /** The label that it is, when it is nothing but `{{.label}}`. */
  readonly simpleName: string | undefined;
  /**
   * The text that the template makes of a line; undefined when it fails, and the line got its error.
   *
   * @param snapshot the labels, when they are not those that the line has now.
   */
  readonly execute: (line: Line, snapshot: ReadonlyMap<string, string> | undefined) => string | undefined;
}

export function compileFormat(_source: string, kind: "line" | "label"): FormatTemplate {
  throw new ServiceError("bad_data", `${kind}_format is not supported`);
}
