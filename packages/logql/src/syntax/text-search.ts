import { parseRe2 } from "@sluice/model";
import { shapeOf, type Letter, type Shape } from "./regex-shape.ts";

/** What Loki makes of an expression where it can: searches for texts. */
export type TextSearch =
  | { readonly kind: "always" }
  | { readonly kind: "notEmpty" }
  | { readonly kind: "contains" | "equals"; readonly text: string; readonly ignoresCase: boolean }
  | { readonly kind: "anyOf"; readonly searches: readonly TextSearch[] };

/**
 * The letters of all texts of a search. `prefix(?:a|b|...)` has the prefix in each: a query of 100 KB would make a search
 * of a gigabyte. What has more stays an expression.
 */
const lettersMax = 1_000_000;

/** How many letters the search may still have. */
interface Budget {
  letters: number;
}

/**
 * The search for texts that Loki runs instead of a regular expression, or undefined. It is not always the same: one of a
 * label filter is not anchored when it has a text and `.*` (`=~"err.*"` finds `xerr`), and of alternatives those that
 * fit everything are left out (`|~ "a|.*"` finds `a` only).
 *
 * @param isLabel for a label filter, in which a text alone stands for the whole value.
 * @see Loki's `RegexSimplifier` (grafana/loki pkg/logql/log/filter.go).
 */
export function textSearchOf(pattern: string, isLabel: boolean): TextSearch | undefined {
  return simplify(shapeOf(parseRe2(pattern, { dotAll: false })), isLabel, { letters: lettersMax });
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

function simplify(shape: Shape, isLabel: boolean, budget: Budget): TextSearch | undefined {
  switch (shape.kind) {
    case "literal":
      return searchFor(isLabel ? "equals" : "contains", shape.text, takesNoCase(shape), budget);
    case "anyStar":
    case "empty":
      return { kind: "always" };
    case "anyPlus":
      return { kind: "notEmpty" };
    case "alternate":
      return anyOf(shape.parts, (part) => simplify(uncaptured(part), isLabel, budget));
    case "concat":
      return simplifyConcat(shape.parts, undefined, budget);
    case "capture":
      return simplify(shape.body, isLabel, budget);
    default:
      return undefined;
  }
}

/** One text between `.*`, or one with alternatives behind it. */
function simplifyConcat(
  parts: readonly Shape[],
  base: readonly Letter[] | undefined,
  budget: Budget,
): TextSearch | undefined {
  const bare = parts.map(uncaptured).filter(({ kind }) => kind !== "empty");
  if (bare.length > 3) {
    return undefined;
  }
  let text = base;
  let ignoresCase = false;
  let literalCount = 0;
  const found: TextSearch[] = [];
  for (const part of bare) {
    if (part.kind === "literal" && literalCount === 0) {
      literalCount += 1;
      text = [...(text ?? []), ...part.text];
      ignoresCase = takesNoCase(part);
    } else if (part.kind === "alternate" && text !== undefined) {
      const prefix: Prefix = { text, ignoresCase };
      const search = anyOf(part.parts, (choice) => simplifyChoice(choice, prefix, budget));
      if (search === undefined) {
        return undefined;
      }
      found.push(search);
    } else if (part.kind !== "anyStar") {
      return undefined;
    }
  }
  return found.length > 0 ? join(found) : text && searchFor("contains", text, ignoresCase, budget);
}

/** What stands in front of alternatives. */
interface Prefix {
  readonly text: readonly Letter[];
  readonly ignoresCase: boolean;
}

function simplifyChoice(choice: Shape, { text, ignoresCase }: Prefix, budget: Budget): TextSearch | undefined {
  switch (choice.kind) {
    case "empty":
    case "anyStar":
      return searchFor("contains", text, ignoresCase, budget);
    case "literal":
      return !ignoresCase && takesNoCase(choice)
        ? undefined
        : searchFor("contains", [...text, ...choice.text], ignoresCase, budget);
    case "concat":
      return simplifyConcat(choice.parts, text, budget);
    default:
      return undefined;
  }
}

function searchFor(
  kind: "contains" | "equals",
  letters: readonly Letter[],
  ignoresCase: boolean,
  budget: Budget,
): TextSearch | undefined {
  budget.letters -= letters.length;
  return budget.letters < 0
    ? undefined
    : { kind, text: letters.map(({ codePoint }) => String.fromCodePoint(codePoint)).join(""), ignoresCase };
}

/** The search for any of the choices, if each has one. */
function anyOf(
  choices: readonly Shape[],
  simplifyOne: (choice: Shape) => TextSearch | undefined,
): TextSearch | undefined {
  const searches: TextSearch[] = [];
  for (const choice of choices) {
    const search = simplifyOne(choice);
    if (search === undefined) {
      return undefined;
    }
    searches.push(search);
  }
  return join(searches);
}

/** Leaves out what fits everything, unless all does. */
function join(searches: readonly TextSearch[]): TextSearch {
  const narrow = searches.filter(({ kind }) => kind !== "always");
  return narrow.length > 1 ? { kind: "anyOf", searches: narrow } : (narrow[0] ?? { kind: "always" });
}

function uncaptured(shape: Shape): Shape {
  return shape.kind === "capture" ? shape.body : shape;
}

function takesNoCase(shape: Shape): boolean {
  return shape.kind === "literal" && shape.text.some(({ ignoresCase }) => ignoresCase === true);
}
