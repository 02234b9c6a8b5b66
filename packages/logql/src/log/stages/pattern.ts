import { parseExtractingPattern, type PatternNode, type PatternPart } from "../../syntax/index.ts";
import type { Stage } from "../line.ts";
import { isSatisfied, isWanted, mayPass, type ParserHints } from "../parser-hints.ts";

/** A label that takes the text up to a literal; without one it takes what is left. */
interface Capture {
  /** Empty for `<_>`, which keeps nothing. */
  readonly name: string;
  readonly until: string | undefined;
}

/**
 * `| pattern "<name> text <_>"`: a label for each text between the literals. A literal that the pattern begins with must
 * be where the line begins. Where a later one is missing, its label takes the rest of the line, and the labels behind it
 * are not made.
 *
 * @see Loki's matcher (grafana/loki pkg/logql/log/pattern/pattern.go).
 */
export function compilePattern({ pattern }: PatternNode, hints: ParserHints): Stage {
  const parts = parseExtractingPattern(pattern);
  const [first] = parts;
  const prefix = first?.kind === "literal" ? first.text : "";
  const captures = capturesOf(prefix === "" ? parts : parts.slice(1));
  return (line) => {
    const { labels, text } = line;
    if (text === "" || isSatisfied(hints, labels) || !text.startsWith(prefix)) {
      return true;
    }
    let at = prefix.length;
    for (const { name, until } of captures) {
      const found = until === undefined ? -1 : text.indexOf(until, at);
      const unique = labels.uniqueName(name);
      if (name !== "" && isWanted(hints, labels, unique)) {
        labels.addParsed(unique, text.slice(at, found === -1 ? text.length : found));
        if (!mayPass(hints, line, unique)) {
          return false;
        }
      }
      if (found === -1) {
        break;
      }
      at = found + until!.length;
    }
    return true;
  };
}

/** @param parts a capture, then literals and captures in turn. */
function capturesOf(parts: readonly PatternPart[]): readonly Capture[] {
  return parts.flatMap((part, i) => {
    const next = parts[i + 1];
    return part.kind === "capture"
      ? [{ name: part.name === "_" ? "" : part.name, until: next?.kind === "literal" ? next.text : undefined }]
      : [];
  });
}
