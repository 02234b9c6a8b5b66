import type { CodePointSet } from "./code-points.ts";

/** A parsed RE2 expression. Flags are gone: case folding and what `.` matches are in the sets. */
export type RegexNode =
  | { readonly kind: "set"; readonly set: CodePointSet }
  | { readonly kind: "assertion"; readonly at: Assertion }
  | { readonly kind: "sequence"; readonly parts: readonly RegexNode[] }
  | { readonly kind: "choice"; readonly choices: readonly RegexNode[] }
  | RegexRepeat
  | RegexCapture;

export type Assertion = "textStart" | "textEnd" | "lineStart" | "lineEnd" | "wordBoundary" | "noWordBoundary";

export interface RegexRepeat {
  readonly kind: "repeat";
  readonly body: RegexNode;
  readonly min: number;
  /** Infinity for none. */
  readonly max: number;
  readonly isGreedy: boolean;
}

export interface RegexCapture {
  readonly kind: "capture";
  readonly name: string | undefined;
  readonly body: RegexNode;
}

/** The parts of a node, outermost level only. */
export function childrenOf(node: RegexNode): readonly RegexNode[] {
  switch (node.kind) {
    case "sequence":
      return node.parts;
    case "choice":
      return node.choices;
    case "repeat":
    case "capture":
      return [node.body];
    default:
      return [];
  }
}
