import type { CodePointSet } from "./code-points.ts";
import type { RegexNode } from "./tree.ts";

/** Texts to look for before the expression is run, or instead of it. */
export interface RegexNeedles {
  /** Every text that matches holds one of them; not empty, none with a line break, 16 at most. */
  readonly needles: readonly string[];
  /** Whether ASCII letters are to be found in either case; those of the needles are small then. */
  readonly isFolded: boolean;
  /** Whether every text that holds one of them matches too: then there is no need for the expression. */
  readonly isWhole: boolean;
}

const needlesMax = 16;
const needleLengthMax = 64;
/** Sets of more characters than this are not spelled out. */
const setSizeMax = 4;

/**
 * All texts that a part of an expression takes, spelled out as far as there are few. Letters that are taken in both cases
 * are small.
 */
interface Spelled {
  readonly texts: readonly string[];
  /** Characters that stand for a letter of the texts, though they are not ASCII: the long s and the Kelvin sign. */
  readonly relatives: readonly string[];
  readonly hasFolded: boolean;
  /** Whether there are letters that are taken in one case only. */
  readonly hasCased: boolean;
  /** Whether there is an assertion among it, so that not all that holds the texts matches. */
  readonly isGuarded: boolean;
}

const nothing: Spelled = { texts: [], relatives: [], hasFolded: false, hasCased: false, isGuarded: false };
const empty: Spelled = { ...nothing, texts: [""] };

/** What to look for; undefined when there is nothing that each match has. */
export function needlesOf(tree: RegexNode): RegexNeedles | undefined {
  const whole = spell(tree);
  const best = whole === undefined || whole.texts.includes("") ? bestWithin(tree) : whole;
  if (best === undefined) {
    return undefined;
  }
  const { texts, relatives, hasFolded, hasCased, isGuarded } = best;
  const needles = new Set([...texts.map((text) => (hasFolded ? smallLetters(text) : text)), ...relatives]);
  const isExact = relatives.length === 0 && !(hasFolded && hasCased) && !isGuarded;
  return { needles: [...needles], isFolded: hasFolded, isWhole: best === whole && isExact };
}

/** Texts of which every match begins with one; undefined when there are none. */
export function prefixesOf(tree: RegexNode): RegexNeedles | undefined {
  if (tree.kind === "capture") {
    return prefixesOf(tree.body);
  }
  let prefix: Spelled = empty;
  for (const part of tree.kind === "sequence" ? tree.parts : [tree]) {
    const spelled = spell(part);
    const longer = spelled === undefined || spelled.isGuarded ? undefined : after(prefix, spelled);
    if (longer === undefined) {
      break;
    }
    prefix = longer;
  }
  const { texts, relatives, hasFolded } = prefix;
  if (texts.includes("") || relatives.length > 0) {
    return undefined;
  }
  const needles = new Set(texts.map((text) => (hasFolded ? smallLetters(text) : text)));
  return { needles: [...needles], isFolded: hasFolded, isWhole: false };
}

function spell(node: RegexNode): Spelled | undefined {
  switch (node.kind) {
    case "set":
      return spellSet(node.set);
    case "assertion":
      return { ...empty, isGuarded: true };
    case "capture":
      return spell(node.body);
    case "sequence":
      return all(node.parts.map(spell))?.reduce<Spelled | undefined>(after, empty);
    case "choice":
      return all(node.choices.map(spell))?.reduce<Spelled | undefined>(either, nothing);
    case "repeat": {
      const { body, min, max } = node;
      if (max === 0) {
        return empty;
      }
      const once = max <= needleLengthMax ? spell(body) : undefined;
      let copies: Spelled | undefined = once && empty;
      let spelled: Spelled | undefined = min === 0 ? copies : undefined;
      for (let count = 1; once !== undefined && count <= max; count++) {
        copies = after(copies, once);
        if (copies === undefined) {
          return undefined;
        }
        spelled = count < min ? undefined : spelled === undefined ? copies : either(spelled, copies);
      }
      return spelled;
    }
  }
}

function all<T>(values: readonly (T | undefined)[]): readonly T[] | undefined {
  return values.includes(undefined) ? undefined : (values as readonly T[]);
}

/** A letter in both cases, or few characters. U+FFFD may stand for any bytes that are not UTF-8. */
function spellSet(set: CodePointSet): Spelled | undefined {
  const members: number[] = [];
  for (const [first, last] of set) {
    for (let codePoint = first; codePoint <= last; codePoint++) {
      members.push(codePoint);
      if (members.length > setSizeMax) {
        return undefined;
      }
    }
  }
  if (members.some((codePoint) => codePoint === 0x0a || codePoint === 0xfffd || isSurrogate(codePoint))) {
    return undefined;
  }
  const small = members.find(isSmallLetter);
  const relatives = members.filter((codePoint) => codePoint > 0x7f).map((codePoint) => String.fromCodePoint(codePoint));
  if (small !== undefined && members.length - relatives.length === 2 && members.includes(small ^ 0x20)) {
    return { ...empty, texts: [String.fromCodePoint(small)], relatives, hasFolded: true };
  }
  const texts = members.map((codePoint) => String.fromCodePoint(codePoint));
  return { ...empty, texts, hasCased: members.some((codePoint) => isSmallLetter(codePoint | 0x20)) };
}

function after(first: Spelled | undefined, second: Spelled): Spelled | undefined {
  if (first === undefined || first.texts.length * second.texts.length > needlesMax) {
    return undefined;
  }
  return bounded({ ...merged(first, second), texts: first.texts.flatMap((a) => second.texts.map((b) => a + b)) });
}

function either(first: Spelled | undefined, second: Spelled): Spelled | undefined {
  return first && bounded({ ...merged(first, second), texts: [...new Set([...first.texts, ...second.texts])] });
}

function merged(first: Spelled, second: Spelled): Spelled {
  return {
    texts: [],
    relatives: [...new Set([...first.relatives, ...second.relatives])],
    hasFolded: first.hasFolded || second.hasFolded,
    hasCased: first.hasCased || second.hasCased,
    isGuarded: first.isGuarded || second.isGuarded,
  };
}

function bounded(spelled: Spelled): Spelled | undefined {
  const { texts, relatives } = spelled;
  const isSmall =
    texts.length + relatives.length <= needlesMax && texts.every((text) => text.length <= needleLengthMax);
  return isSmall ? spelled : undefined;
}

/** The part of an expression, none that can be gone around, whose texts are best to look for. */
function bestWithin(node: RegexNode): Spelled | undefined {
  switch (node.kind) {
    case "capture":
      return bestWithin(node.body);
    case "repeat":
      return node.min === 0 ? undefined : (useful(spell(node.body)) ?? bestWithin(node.body));
    case "choice":
      return all(node.choices.map((choice) => useful(spell(choice)) ?? bestWithin(choice)))?.reduce<
        Spelled | undefined
      >(either, nothing);
    case "sequence":
      return bestOf(runsOf(node.parts));
    default:
      return useful(spell(node));
  }
}

/** Neighbours that can be spelled out, joined as far as there are few texts; and what is best in the others. */
function runsOf(parts: readonly RegexNode[]): readonly Spelled[] {
  const runs: Spelled[] = [];
  let run: Spelled | undefined;
  for (const part of parts) {
    const spelled = spell(part);
    const longer = spelled && after(run ?? empty, spelled);
    if (longer === undefined) {
      const found = [run, spelled, spelled === undefined ? bestWithin(part) : undefined];
      runs.push(...found.filter((candidate) => candidate !== undefined));
    }
    run = longer ?? spelled;
  }
  return run === undefined ? runs : [...runs, run];
}

function useful(spelled: Spelled | undefined): Spelled | undefined {
  return spelled?.texts.includes("") === true ? undefined : spelled;
}

function bestOf(candidates: readonly Spelled[]): Spelled | undefined {
  return candidates
    .filter((candidate) => useful(candidate) !== undefined)
    .reduce<Spelled | undefined>(
      (best, each) => (best === undefined || worth(each) > worth(best) ? each : best),
      undefined,
    );
}

/** Long texts are rare; each more has to be looked for too. */
function worth({ texts, relatives }: Spelled): number {
  const lengthMin = Math.min(...texts.map((text) => text.length));
  return Math.min(lengthMin, 12) / (1 + (texts.length + relatives.length - 1) / 4);
}

function smallLetters(text: string): string {
  return text.replace(/[A-Z]/gu, (letter) => letter.toLowerCase());
}

function isSmallLetter(codePoint: number): boolean {
  return codePoint >= 0x61 && codePoint <= 0x7a;
}

function isSurrogate(codePoint: number): boolean {
  return codePoint >= 0xd800 && codePoint <= 0xdfff;
}
