import { childrenOf, type RegexNode } from "./tree.ts";

/** How many ways through an expression V8 may try at one place. */
const waysMax = 32;
/** How much text it may try there. */
const lengthMax = 64;

/**
 * Whether V8's backtracking tests an expression quickly for certain, and as RE2 means it: there are few ways through it,
 * and they are short, or, where it can begin at the text's start only, one loop over single characters at most is long.
 */
export function isQuickInV8(tree: RegexNode, isAnchored: boolean): boolean {
  const { ways, length, loops, isOdd } = costOf(tree);
  return !isOdd && ways <= waysMax && length <= lengthMax && loops <= (isAnchored ? 1 : 0);
}

interface Cost {
  readonly ways: number;
  /** The longest way's, without loops. */
  readonly length: number;
  readonly loops: number;
  /** Something that V8 understands differently or is slow at. */
  readonly isOdd: boolean;
}

function costOf(node: RegexNode): Cost {
  switch (node.kind) {
    case "set":
      return { ways: 1, length: 1, loops: 0, isOdd: false };
    case "assertion":
      // To V8 the halves of a pair are characters with a place between them.
      return { ways: 1, length: 0, loops: 0, isOdd: node.at === "noWordBoundary" };
    case "capture":
      return costOf(node.body);
    case "sequence":
      return together(node.parts.map(costOf), 1, (a, b) => a * b);
    case "choice":
      return together(node.choices.map(costOf), 0, (a, b) => a + b);
    case "repeat": {
      const { ways, length, loops, isOdd } = costOf(node.body);
      if (!Number.isFinite(node.max)) {
        return { ways, length: length * node.min, loops: loops + 1, isOdd: isOdd || node.body.kind !== "set" };
      }
      return { ways: (ways + (node.min < node.max ? 1 : 0)) ** node.max, length: length * node.max, loops, isOdd };
    }
  }
}

function together(costs: readonly Cost[], none: number, waysOf: (a: number, b: number) => number): Cost {
  return {
    ways: costs.reduce((all, { ways }) => waysOf(all, ways), none),
    length: costs.reduce((sum, { length }) => sum + length, 0),
    loops: costs.reduce((sum, { loops }) => sum + loops, 0),
    isOdd: costs.some(({ isOdd }) => isOdd),
  };
}

/**
 * Whether V8 finds the same matches and groups as Go. In repetitions it does not: there it forgets what a group took in
 * an earlier round, and refuses rounds that take nothing; and it finds nothing between the halves of a pair.
 */
export function hasMatchesOfV8(tree: RegexNode): boolean {
  return !mayBeEmpty(tree) && hasGroupsOfV8(tree);
}

function hasGroupsOfV8(node: RegexNode): boolean {
  if (node.kind === "repeat" && (hasCapture(node.body) || mayBeEmpty(node.body))) {
    return false;
  }
  return childrenOf(node).every(hasGroupsOfV8);
}

function hasCapture(node: RegexNode): boolean {
  return node.kind === "capture" || childrenOf(node).some(hasCapture);
}

function mayBeEmpty(node: RegexNode): boolean {
  switch (node.kind) {
    case "set":
      return false;
    case "assertion":
      return true;
    case "choice":
      return node.choices.some(mayBeEmpty);
    case "repeat":
      return node.min === 0 || mayBeEmpty(node.body);
    default:
      return childrenOf(node).every(mayBeEmpty);
  }
}
