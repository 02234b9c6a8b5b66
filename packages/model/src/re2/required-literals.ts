import type { RegexNode } from "./tree.ts";

/**
 * Texts that every text with a match holds, as far as they are plain to see: runs of single characters that no branch
 * goes around. Without U+FFFD, which may stand for any bytes that are not UTF-8.
 */
export function requiredLiterals(tree: RegexNode): readonly string[] {
  const literals = new Set<string>();
  let run = "";
  const endRun = (): void => {
    if (run !== "") {
      literals.add(run);
    }
    run = "";
  };
  const visit = (node: RegexNode): void => {
    switch (node.kind) {
      case "set": {
        const codePoint = singleOf(node.set);
        if (codePoint === undefined) {
          endRun();
        } else {
          run += String.fromCodePoint(codePoint);
        }
        return;
      }
      case "sequence":
        node.parts.forEach(visit);
        return;
      case "capture":
        visit(node.body);
        return;
      case "assertion":
        // Takes no text: what is before and after it stands side by side.
        return;
      case "repeat":
        endRun();
        if (node.min > 0) {
          visit(node.body);
          endRun();
        }
        return;
      case "choice":
        endRun();
    }
  };
  visit(tree);
  endRun();
  return [...literals];
}

/** The set's only character, when it is one that stands for itself alone. */
function singleOf(set: Extract<RegexNode, { kind: "set" }>["set"]): number | undefined {
  const [range, another] = set;
  if (range === undefined || another !== undefined || range[0] !== range[1]) {
    return undefined;
  }
  const [codePoint] = range;
  return codePoint === 0xfffd || (codePoint >= 0xd800 && codePoint <= 0xdfff) ? undefined : codePoint;
}
