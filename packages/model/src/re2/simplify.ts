import { unionOf, type CodePointSet } from "./code-points.ts";
import type { RegexNode } from "./tree.ts";

/** The same expression without its groups: all that a test needs. Choices of single characters become one set. */
export function withoutCaptures(node: RegexNode): RegexNode {
  switch (node.kind) {
    case "capture":
      return withoutCaptures(node.body);
    case "sequence": {
      const parts = node.parts.map(withoutCaptures).flatMap((part) => (part.kind === "sequence" ? part.parts : [part]));
      return parts.length === 1 ? parts[0]! : { kind: "sequence", parts };
    }
    case "choice": {
      const choices = node.choices
        .map(withoutCaptures)
        .flatMap((choice) => (choice.kind === "choice" ? choice.choices : [choice]));
      const sets = choices.map(setOf).filter((set) => set !== undefined);
      if (sets.length < 2) {
        return { kind: "choice", choices };
      }
      const union: RegexNode = { kind: "set", set: unionOf(sets.flat()) };
      const others = choices.filter((choice) => setOf(choice) === undefined);
      return others.length === 0 ? union : { kind: "choice", choices: [union, ...others] };
    }
    case "repeat":
      return { ...node, body: withoutCaptures(node.body) };
    default:
      return node;
  }
}

function setOf(node: RegexNode): CodePointSet | undefined {
  return node.kind === "set" ? node.set : undefined;
}
