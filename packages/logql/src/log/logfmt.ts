import type { LogfmtNode } from "../syntax/index.ts";
import { failParsing, replaceInvalid } from "./json.ts";
import { createSanitizer } from "./label-name.ts";
import type { Stage } from "./line.ts";
import { LogfmtScanner } from "./logfmt-scan.ts";
import { isRequired, isSatisfied, type ParserHints } from "./parser-hints.ts";

/**
 * `| logfmt`: a label for every `key=value` of the line. The first of two with one key wins; broken pairs are skipped,
 * unless `--strict` makes the first one `__error__="LogfmtParserErr"`; empty values only count with `--keep-empty`.
 */
export function compileLogfmt({ strict, keepEmpty }: LogfmtNode, hints: ParserHints): Stage {
  const sanitize = createSanitizer();
  return (line) => {
    const { labels } = line;
    if (isSatisfied(hints, labels)) {
      return true;
    }
    const scanner = new LogfmtScanner(line.text);
    for (;;) {
      const result = scanner.next();
      if (result === "end" || (result === "broken" && strict)) {
        break;
      }
      const name = result === "pair" ? sanitize(scanner.key) : "";
      if (name === "" || (scanner.value === "" && !keepEmpty)) {
        continue;
      }
      const unique = labels.uniqueName(name);
      if (isRequired(hints, unique) && !labels.isParsed(unique)) {
        labels.setParsed(unique, replaceInvalid(scanner.value));
      }
      if (isSatisfied(hints, labels)) {
        break;
      }
    }
    if (strict && scanner.error !== undefined) {
      failParsing(labels, "LogfmtParserErr", scanner.error, hints);
    }
    return true;
  };
}
