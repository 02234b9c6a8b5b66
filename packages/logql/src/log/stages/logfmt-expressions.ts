import { checkLogfmtKey, type LogfmtExpressionsNode } from "../../syntax/index.ts";
import { LabelNames } from "../label-name.ts";
import { duplicateSuffix, type LineLabels } from "../line-labels.ts";
import type { Stage } from "../line.ts";
import { LogfmtReader } from "../logfmt-reader.ts";
import { failParsing, isSatisfied, isWanted, type ParserHints } from "../parser-hints.ts";

/**
 * `| logfmt [--strict] label="key", label`: only the labels that are named. One whose key the line does not have is
 * empty; of a key that comes twice the last value counts. A key that is itself the name of one of the labels is taken
 * for it too.
 */
export function compileLogfmtExpressions({ strict, extractions }: LogfmtExpressionsNode, hints: ParserHints): Stage {
  const names = new LabelNames();
  const reader = new LogfmtReader();
  const labelNames = new Set(extractions.map(({ name }) => name));
  const byKey = new Map<string, string>();
  for (const { name, path } of extractions) {
    const [key, ...more] = checkLogfmtKey(path);
    // Of several words no key can be made.
    if (key !== undefined && more.length === 0 && !byKey.has(key)) {
      byKey.set(key, name);
    }
  }
  return (line) => {
    const { labels } = line;
    if (isSatisfied(hints, labels)) {
      return true;
    }
    makeEmpty(labels, labelNames);
    reader.reset(line.text);
    for (let result = reader.next(); result !== "end"; result = reader.next()) {
      if (result === "broken") {
        if (strict) {
          break;
        }
        continue;
      }
      const key = names.nameOf("", reader.key);
      const name = byKey.get(key) ?? (labelNames.has(key) ? key : undefined);
      // Loki asks whether the key is wanted as a label, unless it is the name of one of the labels.
      if (name === undefined || (!labelNames.has(key) && !isWanted(hints, labels, key))) {
        continue;
      }
      const isTaken = labels.isTaken(name);
      if (isTaken && !isWanted(hints, labels, name + duplicateSuffix)) {
        break;
      }
      labels.setParsed(isTaken ? name + duplicateSuffix : name, reader.value.includes("\ufffd") ? "" : reader.value);
      if (isSatisfied(hints, labels)) {
        break;
      }
    }
    const error = strict ? reader.errorIn(line) : undefined;
    if (error !== undefined) {
      failParsing(labels, "LogfmtParserErr", error, hints);
    }
    return true;
  };
}

function makeEmpty(labels: LineLabels, names: ReadonlySet<string>): void {
  for (const name of names) {
    if (!labels.isTaken(name)) {
      labels.setParsed(name, "");
    }
  }
}
