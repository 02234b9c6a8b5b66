import type { RegexNode } from "@sluice/model";

/** An expression as Go's parser shapes it, as far as it matters here. */
export type Shape =
  | { readonly kind: "literal"; readonly text: readonly Letter[] }
  /** One character out of several. */
  | { readonly kind: "class" }
  /** `.*` or `.+`. */
  | { readonly kind: "anyStar" | "anyPlus" }
  | { readonly kind: "empty" }
  | { readonly kind: "concat" | "alternate"; readonly parts: readonly Shape[] }
  | { readonly kind: "capture"; readonly body: Shape }
  | { readonly kind: "other" };

/** A character of a text; one without case fits in with either. */
export interface Letter {
  readonly codePoint: number;
  readonly ignoresCase: boolean | undefined;
}

const empty: Shape = { kind: "empty" };

/**
 * The expression as Go's parser shapes it: alternatives are taken apart by their common beginnings (`foo|foobar` is
 * `foo(?:|bar)`), and single characters make a class (`a|b`).
 */
export function shapeOf(node: RegexNode): Shape {
  switch (node.kind) {
    case "set":
      return shapeOfSet(node.set);
    case "assertion":
      return { kind: "other" };
    case "sequence":
      return concatOf(node.parts.map(shapeOf));
    case "choice":
      return alternateOf(node.choices.map(shapeOf));
    case "capture":
      return { kind: "capture", body: shapeOf(node.body) };
    case "repeat":
      return shapeOfRepeat(node.body, node.min, node.max);
  }
}

type Ranges = readonly (readonly [first: number, last: number])[];

/** One letter in its two cases is a text, any other set a class. */
function shapeOfSet(set: Ranges): Shape {
  const letters = set.flatMap(([first, last]) => (last - first > 1 ? [first, -1, last] : [first, last]));
  const lower = new Set(letters.map((codePoint) => (codePoint < 0 ? "" : lowerCase(codePoint))));
  if (lower.size !== 1) {
    return { kind: "class" };
  }
  const codePoint = letters[0]!;
  const hasCase = lowerCase(codePoint) !== String.fromCodePoint(codePoint).toUpperCase();
  const ignoresCase = letters.some((other) => other !== codePoint);
  return { kind: "literal", text: [{ codePoint, ignoresCase: hasCase ? ignoresCase : undefined }] };
}

function lowerCase(codePoint: number): string {
  return String.fromCodePoint(codePoint).toLowerCase();
}

function isAnyButNewline(node: RegexNode): boolean {
  return node.kind === "set" && node.set.length === 2 && String(node.set) === "0,9,11,1114111";
}

function shapeOfRepeat(body: RegexNode, min: number, max: number): Shape {
  if (max === 0) {
    return empty;
  }
  if (min === 1 && max === 1) {
    return shapeOf(body);
  }
  if (isAnyButNewline(body) && min <= 1 && max === Number.POSITIVE_INFINITY) {
    return { kind: min === 0 ? "anyStar" : "anyPlus" };
  }
  return { kind: "other" };
}

/** Texts that follow each other become one, unless their letters take case differently. */
function concatOf(parts: readonly Shape[]): Shape {
  const joined: Shape[] = [];
  // The text that grows: a copy for each part would take minutes for a long expression.
  let text: Letter[] | undefined;
  let ignoresCase: boolean | undefined;
  for (const part of parts.flatMap((inner) => (inner.kind === "concat" ? inner.parts : [inner]))) {
    if (part.kind === "empty") {
      continue;
    }
    if (part.kind !== "literal") {
      joined.push(part);
      text = undefined;
      continue;
    }
    const caseOfPart = caseOf(part.text);
    if (text === undefined || (caseOfPart ?? ignoresCase) !== (ignoresCase ?? caseOfPart)) {
      text = [];
      ignoresCase = undefined;
      joined.push({ kind: "literal", text });
    }
    for (const letter of part.text) {
      text.push(letter);
    }
    ignoresCase ??= caseOfPart;
  }
  return joined.length === 0 ? empty : joined.length === 1 ? joined[0]! : { kind: "concat", parts: joined };
}

/** How the letters of a text take case; undefined when none has any. */
function caseOf(text: readonly Letter[]): boolean | undefined {
  return text.find(({ ignoresCase }) => ignoresCase !== undefined)?.ignoresCase;
}

function alternateOf(choices: readonly Shape[]): Shape {
  const flat = choices.flatMap((inner) => (inner.kind === "alternate" ? inner.parts : [inner]));
  const parts = onceEmpty(joinCharacters(takeOutPrefixes(flat)));
  return parts.length === 1 ? parts[0]! : { kind: "alternate", parts };
}

/** `foo|foobar` is `foo(?:|bar)`. */
function takeOutPrefixes(choices: readonly Shape[]): readonly Shape[] {
  const found: Shape[] = [];
  for (let start = 0; start < choices.length;) {
    let prefix = leadingText(choices[start]!);
    let end = start + 1;
    for (; end < choices.length; end++) {
      const common = commonPrefix(prefix, leadingText(choices[end]!));
      if (common.length === 0) {
        break;
      }
      prefix = common;
    }
    const run = choices.slice(start, end);
    found.push(
      run.length === 1
        ? run[0]!
        : {
            kind: "concat",
            parts: [
              { kind: "literal", text: prefix },
              alternateOf(run.map((choice) => withoutPrefix(choice, prefix.length))),
            ],
          },
    );
    start = end;
  }
  return found;
}

function leadingText(shape: Shape): readonly Letter[] {
  const first = shape.kind === "concat" ? shape.parts[0]! : shape;
  return first.kind === "literal" ? first.text : [];
}

function commonPrefix(a: readonly Letter[], b: readonly Letter[]): readonly Letter[] {
  const end = a.findIndex(
    ({ codePoint, ignoresCase: ignores }, i) => codePoint !== b[i]?.codePoint || ignores !== b[i]?.ignoresCase,
  );
  return end === -1 ? a : a.slice(0, end);
}

function withoutPrefix(shape: Shape, length: number): Shape {
  const [first, ...rest] = shape.kind === "concat" ? shape.parts : [shape];
  const text = first?.kind === "literal" ? first.text.slice(length) : [];
  return concatOf(text.length === 0 ? rest : [{ kind: "literal", text }, ...rest]);
}

/** `a|b` is `[ab]`. */
function joinCharacters(choices: readonly Shape[]): readonly Shape[] {
  const isCharacter = (shape: Shape | undefined): boolean =>
    shape?.kind === "class" || (shape?.kind === "literal" && shape.text.length === 1);
  return choices.flatMap((choice, i): readonly Shape[] => {
    if (!isCharacter(choice)) {
      return [choice];
    }
    if (isCharacter(choices[i - 1])) {
      return [];
    }
    return [isCharacter(choices[i + 1]) ? { kind: "class" } : choice];
  });
}

function onceEmpty(choices: readonly Shape[]): readonly Shape[] {
  return choices.filter((choice, i) => choice.kind !== "empty" || choices[i - 1]?.kind !== "empty");
}
