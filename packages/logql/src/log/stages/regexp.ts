import { compileRe2 } from "@sluice/model";
import type { RegexpNode } from "../../syntax/index.ts";
import { sanitizeLabelName } from "../label-name.ts";
import type { Stage } from "../line.ts";
import { isWanted, mayPass, type ParserHints } from "../parser-hints.ts";

/**
 * `| regexp "(?P<name>...)"`: a label for every named group of the first match; one that took no part is empty. A line
 * that does not match stays as it is.
 */
export function compileRegexp({ pattern }: RegexpNode, hints: ParserHints): Stage {
  const regex = compileRe2(pattern, { anchored: false });
  const groups = regex.groupNames
    .map((name, i) => ({ name: sanitizeLabelName(name ?? ""), index: i + 1 }))
    .filter(({ name }) => name !== "");
  const { required } = hints;
  const isNeeded = required === undefined || groups.some(({ name }) => required.has(name));
  if (hints.noLabels || !isNeeded) {
    return () => true;
  }
  return (line) => {
    const match = regex.exec(line.text);
    if (match === undefined) {
      return true;
    }
    const { labels } = line;
    for (const { name, index } of groups) {
      const unique = labels.uniqueName(name);
      if (isWanted(hints, labels, unique)) {
        labels.addParsed(unique, match.groups[index] ?? "");
        if (!mayPass(hints, line, unique)) {
          return false;
        }
      }
    }
    return true;
  };
}
