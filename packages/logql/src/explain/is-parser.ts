import type { StageNode } from "../syntax/index.ts";

const parsers: ReadonlySet<StageNode["kind"]> = new Set([
  "json",
  "jsonExpressions",
  "logfmt",
  "logfmtExpressions",
  "regexp",
  "pattern",
  "unpack",
]);

/** Whether the stage takes labels from the line. */
export function isParser({ kind }: StageNode): boolean {
  return parsers.has(kind);
}
