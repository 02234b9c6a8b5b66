import { parseRe2 } from "@sluice/model";
import { shapeOf, type Letter, type Shape } from "./regex-shape.ts";

/** What Loki makes of an expression where it can: searches for texts. */
export type TextSearch =
  | { readonly kind: "always" }
  | { readonly kind: "notEmpty" }
  | { readonly kind: "contains" | "equals"; readonly text: string; readonly ignoresCase: boolean }
  | { readonly kind: "either"; readonly left: TextSearch; readonly right: TextSearch };

/**
 * The search for texts that Loki runs instead of a regular expression, or undefined. It is not always the same: one of a
 * label filter is not anchored when it has a text and `.*` (`=~"err.*"` finds `xerr`), and of alternatives those that
 * fit everything are left out (`|~ "a|.*"` finds `a` only).
 *
 * @param isLabel for a label filter, in which a text alone stands for the whole value.
 * @see Loki's `RegexSimplifier` (grafana/loki pkg/logql/log/filter.go).
 */
export function textSearchOf(pattern: string, isLabel: boolean): TextSearch | undefined {
  return simplify(shapeOf(parseRe2(pattern, { dotAll: false })), isLabel);
}

/**
 * Whether Loki runs the expression of a label filter as such, having found no search for texts: then it prints the
 * expression in backticks.
 */
export function staysRegex(pattern: string): boolean {
  return textSearchOf(pattern, true) === undefined;
}

/** Whether the search leaves out an alternative that fits everything, and so finds less than its expression. */
export function findsLess(pattern: string): boolean {
  return (
    hasAlternativeForAll(shapeOf(parseRe2(pattern, { dotAll: false }))) && textSearchOf(pattern, false) !== undefined
  );
}

function hasAlternativeForAll(shape: Shape): boolean {
  switch (shape.kind) {
    case "capture":
      return hasAlternativeForAll(shape.body);
    case "alternate":
      return shape.parts.some((part) => {
        const bare = uncaptured(part);
        return bare.kind === "empty" || bare.kind === "anyStar" || hasAlternativeForAll(bare);
      });
    default:
      return false;
  }
}

function simplify(shape: Shape, isLabel: boolean): TextSearch | undefined {
  switch (shape.kind) {
    case "literal":
      return searchFor(isLabel ? "equals" : "contains", shape.text, takesNoCase(shape));
    case "anyStar":
    case "empty":
      return { kind: "always" };
    case "anyPlus":
      return { kind: "notEmpty" };
    case "alternate": {
      const searches = shape.parts.map((part) => simplify(uncaptured(part), isLabel));
      return searches.every((search) => search !== undefined) ? searches.reduce(eitherOf) : undefined;
    }
    case "concat":
      return simplifyConcat(shape.parts, undefined);
    case "capture":
      return simplify(shape.body, isLabel);
    default:
      return undefined;
  }
}

/** One text between `.*`, or one with alternatives behind it. */
function simplifyConcat(parts: readonly Shape[], base: readonly Letter[] | undefined): TextSearch | undefined {
  const bare = parts.map(uncaptured).filter(({ kind }) => kind !== "empty");
  if (bare.length > 3) {
    return undefined;
  }
  let text = base;
  let ignoresCase = false;
  let literalCount = 0;
  let found: TextSearch | undefined;
  for (const part of bare) {
    if (part.kind === "literal" && literalCount === 0) {
      literalCount += 1;
      text = [...(text ?? []), ...part.text];
      ignoresCase = takesNoCase(part);
    } else if (part.kind === "alternate" && text !== undefined) {
      const search = simplifyConcatAlternate(part.parts, text, ignoresCase);
      if (search === undefined) {
        return undefined;
      }
      found = found === undefined ? search : eitherOf(found, search);
    } else if (part.kind !== "anyStar") {
      return undefined;
    }
  }
  return found ?? (text && searchFor("contains", text, ignoresCase));
}

function simplifyConcatAlternate(
  choices: readonly Shape[],
  text: readonly Letter[],
  ignoresCase: boolean,
): TextSearch | undefined {
  let found: TextSearch | undefined;
  for (const choice of choices) {
    const search = simplifyChoice(choice, text, ignoresCase);
    if (search === undefined) {
      return undefined;
    }
    found = found === undefined ? search : eitherOf(found, search);
  }
  return found;
}

function simplifyChoice(choice: Shape, text: readonly Letter[], ignoresCase: boolean): TextSearch | undefined {
  switch (choice.kind) {
    case "empty":
    case "anyStar":
      return searchFor("contains", text, ignoresCase);
    case "literal":
      return !ignoresCase && takesNoCase(choice)
        ? undefined
        : searchFor("contains", [...text, ...choice.text], ignoresCase);
    case "concat":
      return simplifyConcat(choice.parts, text);
    default:
      return undefined;
  }
}

function searchFor(kind: "contains" | "equals", letters: readonly Letter[], ignoresCase: boolean): TextSearch {
  return { kind, text: String.fromCodePoint(...letters.map(({ codePoint }) => codePoint)), ignoresCase };
}

function eitherOf(left: TextSearch, right: TextSearch): TextSearch {
  if (left.kind === "always") {
    return right;
  }
  return right.kind === "always" ? left : { kind: "either", left, right };
}

function uncaptured(shape: Shape): Shape {
  return shape.kind === "capture" ? shape.body : shape;
}

function takesNoCase(shape: Shape): boolean {
  return shape.kind === "literal" && shape.text.some(({ ignoresCase }) => ignoresCase === true);
}
