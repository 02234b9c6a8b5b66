import type { LogfmtNode } from "../../syntax/index.ts";
import { replaceInvalid } from "../json-escape.ts";
import { labelNameLengthMax, LabelNames } from "../label-name.ts";
import { errorLabel } from "../line-labels.ts";
import type { Line, Stage } from "../line.ts";
import { LogfmtReader } from "../logfmt-reader.ts";
import { failParsing, isSatisfied, isWanted, mayPass, type ParserHints } from "../parser-hints.ts";

/**
 * `| logfmt`: a label for every `key=value` of the line. The first of two with one key wins; broken pairs are skipped,
 * unless `--strict` makes the first one `__error__="LogfmtParserErr"`; empty values only count with `--keep-empty`.
 */
export function compileLogfmt({ strict, keepEmpty }: LogfmtNode, hints: ParserHints): Stage {
  const names = new LabelNames();
  const reader = new LogfmtReader();
  return (line) => {
    const { labels } = line;
    if (isSatisfied(hints, labels)) {
      return true;
    }
    reader.reset(line.text);
    for (let result = reader.next(); result !== "end"; result = reader.next()) {
      if (result === "broken") {
        if (strict) {
          break;
        }
        continue;
      }
      const key = names.nameOf("", reader.key);
      const name = key === "" || key.length > labelNameLengthMax ? "" : labels.uniqueName(key);
      if (name === "" || (reader.isEmpty && !keepEmpty) || !isWanted(hints, labels, name)) {
        continue;
      }
      labels.addParsed(name, replaceInvalid(reader.value));
      if (!mayPass(hints, line, name)) {
        return false;
      }
      if (isSatisfied(hints, labels)) {
        break;
      }
    }
    return !strict || reportError(line, reader, hints);
  };
}

/** Marks the line when the reader met an error; false when a filter does not want such a line. */
function reportError(line: Line, reader: LogfmtReader, hints: ParserHints): boolean {
  const error = reader.errorIn(line);
  if (error === undefined) {
    return true;
  }
  failParsing(line.labels, "LogfmtParserErr", error, hints);
  return mayPass(hints, line, errorLabel);
}
