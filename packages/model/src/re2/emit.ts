import { clip, codePointMax, type CodePointSet } from "./code-points.ts";
import { childrenOf, type Assertion, type RegexNode, type RegexRepeat } from "./tree.ts";

/**
 * Prints a tree as the source of a JavaScript expression that needs no flag, which V8 runs quickest: case folding and `.`
 * are spelled out as classes, and characters beyond the BMP as surrogate pairs.
 *
 * @param captures keeps groups.
 */
export function emitRegex(node: RegexNode, options: { readonly captures: boolean }): string {
  switch (node.kind) {
    case "set":
      return emitSet(node.set);
    case "assertion":
      return assertionSources[node.at];
    case "sequence":
      return node.parts
        .map((part) => (part.kind === "choice" ? group(emitRegex(part, options)) : emitRegex(part, options)))
        .join("");
    case "choice":
      return node.choices.map((choice) => emitRegex(choice, options)).join("|");
    case "capture":
      return options.captures ? `(${emitRegex(node.body, options)})` : group(emitRegex(node.body, options));
    case "repeat":
      return emitRepeat(node, options);
  }
}

function group(source: string): string {
  return `(?:${source})`;
}

/**
 * JavaScript's own multi-line `^` and `$` know more line breaks than RE2, which has one.
 */
const assertionSources: Readonly<Record<Assertion, string>> = {
  textStart: "^",
  textEnd: "$",
  lineStart: "(?:^|(?<=\\n))",
  lineEnd: "(?:$|(?=\\n))",
  wordBoundary: "\\b",
  noWordBoundary: "\\B",
};

const surrogateFirst = 0xd800;
const trailFirst = 0xdc00;
const surrogateLast = 0xdfff;
const bmpLast = 0xffff;

/**
 * A set as a class; with members beyond the BMP as a choice of a class and pairs. A surrogate alone never matches: text
 * that came from UTF-8 has none, so that no half of a pair may be taken for a character.
 */
function emitSet(set: CodePointSet): string {
  const parts: string[] = [];
  const plain = [...clip(set, 0, surrogateFirst - 1), ...clip(set, surrogateLast + 1, bmpLast)];
  const beyond = clip(set, bmpLast + 1, codePointMax);
  if (plain.length > 0 || beyond.length === 0) {
    parts.push(emitClass(plain));
  }
  for (const [first, last] of beyond) {
    parts.push(...emitPairs(first, last));
  }
  return parts.length === 1 && beyond.length === 0 ? parts[0]! : group(parts.join("|"));
}

function emitClass(set: CodePointSet): string {
  const [range] = set;
  if (set.length === 1 && range![0] === range![1]) {
    return escapeUnit(range![0]);
  }
  return `[${set.map(([first, last]) => (first === last ? escapeUnit(first) : `${escapeUnit(first)}-${escapeUnit(last)}`)).join("")}]`;
}

function escapeUnit(unit: number): string {
  const char = String.fromCharCode(unit);
  return /^[a-zA-Z0-9_ "',:;<=>@%&!#~`]$/u.test(char) ? char : `\\u${unit.toString(16).padStart(4, "0")}`;
}

/** The surrogate pairs of a range, by their leads. */
function emitPairs(first: number, last: number): string[] {
  const [firstLead, firstTrail] = surrogatesOf(first);
  const [lastLead, lastTrail] = surrogatesOf(last);
  if (firstLead === lastLead) {
    return [emitPair(firstLead, firstLead, firstTrail, lastTrail)];
  }
  const pairs: string[] = [];
  const fullFirst = firstTrail === trailFirst ? firstLead : firstLead + 1;
  const fullLast = lastTrail === surrogateLast ? lastLead : lastLead - 1;
  if (fullFirst > firstLead) {
    pairs.push(emitPair(firstLead, firstLead, firstTrail, surrogateLast));
  }
  if (fullFirst <= fullLast) {
    pairs.push(emitPair(fullFirst, fullLast, trailFirst, surrogateLast));
  }
  if (fullLast < lastLead) {
    pairs.push(emitPair(lastLead, lastLead, trailFirst, lastTrail));
  }
  return pairs;
}

function emitPair(leadFirst: number, leadLast: number, trail: number, trailLast: number): string {
  return emitClass([[leadFirst, leadLast]]) + emitClass([[trail, trailLast]]);
}

function surrogatesOf(codePoint: number): [lead: number, trail: number] {
  const offset = codePoint - 0x1_0000;
  return [surrogateFirst + (offset >> 10), trailFirst + (offset & 0x3ff)];
}

function emitRepeat(node: RegexRepeat, options: { readonly captures: boolean }): string {
  const { body, min, max, isGreedy } = node;
  const lazy = isGreedy ? "" : "?";
  const atom = emitAtom(body, options);
  if (max === Number.POSITIVE_INFINITY && min <= 1) {
    return emitEndless(body, atom, min, lazy);
  }
  if (min === 0 && max === 1) {
    return `${atom}?${lazy}`;
  }
  return `${atom}{${min},${Number.isFinite(max) ? max : ""}}${lazy}`;
}

/** `*` and `+`. Where a set holds everything beyond the BMP, its repetition may run over pairs half by half. */
function emitEndless(body: RegexNode, atom: string, min: number, lazy: string): string {
  const units = body.kind === "set" && atom.startsWith("(?:") ? unitClass(body.set) : undefined;
  if (units === undefined) {
    return `${atom}${min === 0 ? "*" : "+"}${lazy}`;
  }
  return min === 0 ? `${units}*${lazy}` : group(`${atom}${units}*${lazy}`);
}

function unitClass(set: CodePointSet): string | undefined {
  const beyond = clip(set, bmpLast + 1, codePointMax);
  if (beyond[0]?.[0] !== bmpLast + 1 || beyond[0][1] !== codePointMax) {
    return undefined;
  }
  const plain = [...clip(set, 0, surrogateFirst - 1), [surrogateFirst, surrogateLast] as const];
  return emitClass([...plain, ...clip(set, surrogateLast + 1, bmpLast)]);
}

function emitAtom(body: RegexNode, options: { readonly captures: boolean }): string {
  const source = emitRegex(body, options);
  // An assertion must be wrapped too: JavaScript does not repeat one.
  return body.kind === "set" || body.kind === "capture" ? source : group(source);
}

/** The names of the groups in the order of their numbers, which count from 1. */
export function captureNames(node: RegexNode): readonly (string | undefined)[] {
  const inner = childrenOf(node).flatMap(captureNames);
  return node.kind === "capture" ? [node.name, ...inner] : inner;
}
