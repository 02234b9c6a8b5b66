import { CharClasses } from "./char-classes.ts";
import { positionGraphOf, type PositionGraph } from "./position-graph.ts";
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
  const { ways, length, loops, hasWideLoop, hasOddAssertion } = costOf(tree);
  return !hasWideLoop && !hasOddAssertion && ways <= waysMax && length <= lengthMax && loops <= (isAnchored ? 1 : 0);
}

interface Cost {
  readonly ways: number;
  /** The longest way's, without loops. */
  readonly length: number;
  readonly loops: number;
  /** Whether something is repeated without end that is more than a character. */
  readonly hasWideLoop: boolean;
  /** Whether there is an assertion that V8 understands differently. */
  readonly hasOddAssertion: boolean;
}

function costOf(node: RegexNode): Cost {
  switch (node.kind) {
    case "set":
      return { ...none, length: 1 };
    case "assertion":
      // To V8 the halves of a pair are characters with a place between them.
      return { ...none, hasOddAssertion: node.at === "noWordBoundary" };
    case "capture":
      return costOf(node.body);
    case "sequence":
      return together(node.parts.map(costOf), 1, (a, b) => a * b);
    case "choice":
      return together(node.choices.map(costOf), 0, (a, b) => a + b);
    case "repeat": {
      const cost = costOf(node.body);
      const { ways, length } = cost;
      if (!Number.isFinite(node.max)) {
        const hasWideLoop = cost.hasWideLoop || node.body.kind !== "set";
        return { ...cost, length: length * node.min, loops: cost.loops + 1, hasWideLoop };
      }
      return { ...cost, ways: (ways + (node.min < node.max ? 1 : 0)) ** node.max, length: length * node.max };
    }
  }
}

const none: Cost = { ways: 1, length: 0, loops: 0, hasWideLoop: false, hasOddAssertion: false };

function together(costs: readonly Cost[], noWays: number, waysOf: (a: number, b: number) => number): Cost {
  return {
    ways: costs.reduce((all, { ways }) => waysOf(all, ways), noWays),
    length: costs.reduce((sum, { length }) => sum + length, 0),
    loops: costs.reduce((sum, { loops }) => sum + loops, 0),
    hasWideLoop: costs.some(({ hasWideLoop }) => hasWideLoop),
    hasOddAssertion: costs.some(({ hasOddAssertion }) => hasOddAssertion),
  };
}

/**
 * Whether V8 finds the same matches and groups as Go. In repetitions it does not: there it forgets what a group took in
 * an earlier round, and refuses rounds that take nothing; and it finds nothing between the halves of a pair.
 */
export function hasMatchesOfV8(tree: RegexNode): boolean {
  return !mayBeEmpty(tree) && hasGroupsOfV8(tree);
}

/** What looking for a second way may cost. */
const positionsMax = 256;
const linkPairsMax = 16_384;

/**
 * Whether the next character always says how to go on (Brueggemann-Klein 1993): then V8, from a place on that is given,
 * takes time linear in the text, as there is nothing to go back to. And whether it takes the groups that Go does.
 */
export function isOneWayInV8(tree: RegexNode): boolean {
  if (!hasGroupsOfV8(tree) || costOf(tree).hasOddAssertion) {
    return false;
  }
  const graph = positionGraphOf(tree, { searchesStart: false, searchesEnd: false });
  return graph !== undefined && graph.count <= positionsMax && isOneWay(graph);
}

function isOneWay({ count, sets, links }: PositionGraph): boolean {
  const classes = new CharClasses(sets);
  const classesOf = sets.map((set) => classes.within(set));
  const taken = Array.from({ length: count }, () => new Uint8Array(classes.count));
  let pairs = 0;
  for (const { sources, targets } of links) {
    pairs += sources.length * targets.length;
    if (pairs > linkPairsMax) {
      return false;
    }
    for (const source of sources) {
      for (const target of targets) {
        for (const charClass of classesOf[target]!) {
          if (taken[source]![charClass] === 1) {
            return false;
          }
          taken[source]![charClass] = 1;
        }
      }
    }
  }
  return true;
}

/** Whether a match can begin at the text's start only. */
export function beginsAtStart(node: RegexNode): boolean {
  switch (node.kind) {
    case "assertion":
      return node.at === "textStart";
    case "capture":
      return beginsAtStart(node.body);
    case "sequence":
      return node.parts[0] !== undefined && beginsAtStart(node.parts[0]);
    case "choice":
      return node.choices.every(beginsAtStart);
    default:
      return false;
  }
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

export function mayBeEmpty(node: RegexNode): boolean {
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
