import { clip, codePointMax, complementOf, everyCodePoint, single, unionOf, type CodePointSet } from "./code-points.ts";
import { perlClass } from "./classes.ts";
import { contextsOf, everyContext, isAmong, neighbours, type Contexts, type Neighbour } from "./contexts.ts";
import { childrenOf, type RegexNode, type RegexRepeat } from "./tree.ts";

/** A place in an expression that takes one character, and when it may be reached or left. */
interface Place {
  readonly position: number;
  readonly contexts: Contexts;
}

/** What is known of a part of the expression: where it begins, where it ends, and when it may be empty. */
interface Fragment {
  readonly first: readonly Place[];
  readonly last: readonly Place[];
  readonly empty: Contexts;
}

/** After each of the sources each of the targets may come. */
export interface Link {
  readonly sources: readonly number[];
  readonly targets: readonly number[];
}

/**
 * An expression as the places that take its characters, and which may follow which (Glushkov 1961), counted repetitions
 * spelled out. Assertions are gone: where an expression has some, a place that takes both word characters and others, or
 * line breaks and others, stands there once for each kind, so that whether an assertion holds between two places, is
 * known here already.
 */
export interface PositionGraph {
  /** Position 0 is the beginning of the text, the last one its end. */
  readonly count: number;
  /** What each takes; nothing at the ends of the text. */
  readonly sets: readonly CodePointSet[];
  readonly links: readonly Link[];
  /** Having reached one of these the expression has matched, whatever comes. */
  readonly accepting: readonly number[];
  /** The first position of every set in the tree, in the tree's order with its repetitions spelled out, and one more. */
  readonly leaves: readonly number[];
  /** Where the expression itself begins, without what goes before it in a search. */
  readonly first: readonly number[];
  /** Whether the expression itself may be empty, somewhere. */
  readonly mayBeEmpty: boolean;
  readonly chains: readonly Chain[];
}

/**
 * Copies of a part, one behind the other, of which each leads to all that a later one leads to: whoever has reached the
 * same place in both may forget the later one.
 */
export interface Chain {
  /** The first position of the first copy. */
  readonly start: number;
  /** Positions of a copy. */
  readonly size: number;
  readonly copies: number;
}

export interface GraphOptions {
  /** Anything may go before it. */
  readonly searchesStart: boolean;
  /** Anything may come after it. */
  readonly searchesEnd: boolean;
}

/** What an expression may grow to. What is larger takes more than a second per MB of text in the worst case. */
export const positionsMax = 50_000;
const linkEndsMax = 2_000_000;

/** @returns undefined when the expression is too large. */
export function positionGraphOf(tree: RegexNode, options: GraphOptions): PositionGraph | undefined {
  try {
    return new GraphBuilder(tree, options).build();
  } catch (error) {
    if (error === tooLarge) {
      return undefined;
    }
    throw error;
  }
}

const tooLarge = new Error("the expression is too large");

class GraphBuilder {
  readonly #tree: RegexNode;
  readonly #options: GraphOptions;
  readonly #splits: readonly (readonly [CodePointSet, Neighbour])[];
  readonly #sets: CodePointSet[] = [];
  readonly #kinds: Neighbour[] = [];
  readonly #links: Link[] = [];
  readonly #chains: Chain[] = [];
  readonly #leaves: number[] = [];
  readonly #parts = new Map<CodePointSet, readonly (readonly [CodePointSet, Neighbour])[]>();
  #linkEnds = 0;

  constructor(tree: RegexNode, options: GraphOptions) {
    this.#tree = tree;
    this.#options = options;
    this.#splits = splitsFor(tree);
  }

  build(): PositionGraph {
    const start = this.#edge();
    const before = this.#options.searchesStart ? this.#anything() : nothing;
    const leafStart = this.#leaves.length;
    const body = this.#fragment(this.#tree);
    const leaves = [...this.#leaves.slice(leafStart), this.#sets.length];
    const after = this.#options.searchesEnd ? this.#anything() : nothing;
    const { last } = this.#sequence([start, before, body, after]);
    this.#link(last, this.#edge().first);
    return {
      count: this.#sets.length,
      sets: this.#sets,
      links: this.#links,
      accepting: last.filter((place) => this.#isAlways(place)).map(({ position }) => position),
      leaves,
      first: body.first.map(({ position }) => position),
      mayBeEmpty: body.empty !== 0,
      chains: this.#chains,
    };
  }

  /** Whether the place may be left for whatever comes next. */
  #isAlways({ position, contexts }: Place): boolean {
    return Object.values(neighbours).every((behind) => isAmong(contexts, this.#kinds[position]!, behind));
  }

  #add(set: CodePointSet, kind: Neighbour): Place {
    if (this.#sets.length >= positionsMax) {
      throw tooLarge;
    }
    this.#sets.push(set);
    this.#kinds.push(kind);
    return { position: this.#sets.length - 1, contexts: everyContext };
  }

  #edge(): Fragment {
    const places = [this.#add([], neighbours.edge)];
    return { first: places, last: places, empty: 0 };
  }

  #anything(): Fragment {
    const body: RegexNode = { kind: "set", set: everyCodePoint };
    return this.#repeat({ kind: "repeat", body, min: 0, max: Number.POSITIVE_INFINITY, isGreedy: true });
  }

  #fragment(node: RegexNode): Fragment {
    switch (node.kind) {
      case "set":
        return this.#set(node.set);
      case "assertion":
        return { first: [], last: [], empty: contextsOf(node.at) };
      case "capture":
        return this.#fragment(node.body);
      case "sequence":
        return this.#sequence(node.parts.values().map((part) => this.#fragment(part)));
      case "choice":
        return this.#choice(node.choices.map((choice) => this.#fragment(choice)));
      case "repeat":
        return this.#repeat(node);
    }
  }

  #set(set: CodePointSet): Fragment {
    this.#leaves.push(this.#sets.length);
    let parts = this.#parts.get(set);
    if (parts === undefined) {
      parts = this.#splits
        .map(([within, kind]) => [intersection(set, within), kind] as const)
        .filter(([part]) => part.length > 0);
      this.#parts.set(set, parts);
    }
    const places = parts.map(([part, kind]) => this.#add(part, kind));
    return { first: places, last: places, empty: 0 };
  }

  #sequence(parts: Iterable<Fragment>): Fragment {
    const first: Place[] = [];
    let last: readonly Place[] = [];
    let empty = everyContext;
    for (const part of parts) {
      this.#link(last, part.first);
      first.push(...narrowed(part.first, empty));
      last = part.empty === 0 ? part.last : [...narrowed(last, part.empty), ...part.last];
      this.#count(last.length);
      empty &= part.empty;
    }
    return { first, last, empty };
  }

  #choice(choices: readonly Fragment[]): Fragment {
    return {
      first: choices.flatMap(({ first }) => first),
      last: choices.flatMap(({ last }) => last),
      empty: choices.reduce((contexts, { empty }) => contexts | empty, 0),
    };
  }

  /**
   * As many copies as the larger count says. Those that may be missing are the last ones, each within the one before;
   * where the body may be empty anyhow, that is all of them.
   */
  #repeat({ body, min, max }: RegexRepeat): Fragment {
    if (max === 0) {
      return nothing;
    }
    const start = this.#sets.length;
    const copies: Fragment[] = [];
    for (let count = Number.isFinite(max) ? max : Math.max(min, 1); count > 0; count--) {
      copies.push(this.#fragment(body));
    }
    const requiredCount = copies[0]!.empty === everyContext ? 0 : min;
    const lastCopy = copies.at(-1)!;
    if (!Number.isFinite(max)) {
      this.#link(lastCopy.last, lastCopy.first);
    }
    const size = (this.#sets.length - start) / copies.length;
    const exact = Math.max(requiredCount - 1, 0);
    if (size > 0 && copies.length - exact > 1) {
      this.#chains.push({ start: start + exact * size, size, copies: copies.length - exact });
    }
    const required = copies.slice(0, requiredCount);
    const optional = copies.slice(requiredCount);
    for (let i = 1; i < optional.length; i++) {
      this.#link(optional[i - 1]!.last, optional[i]!.first);
    }
    const rest: Fragment = {
      first: optional[0]?.first ?? [],
      last: optional.flatMap(({ last }) => last),
      empty: everyContext,
    };
    return this.#sequence([...required, rest]);
  }

  #count(linkEnds: number): void {
    this.#linkEnds += linkEnds;
    if (this.#linkEnds > linkEndsMax) {
      throw tooLarge;
    }
  }

  #link(last: readonly Place[], first: readonly Place[]): void {
    if (last.length === 0 || first.length === 0) {
      return;
    }
    this.#count(last.length + first.length);
    for (const sources of this.#alike(last)) {
      const [{ position, contexts }] = sources as readonly [Place];
      const before = this.#kinds[position]!;
      const targets = first.filter((target) =>
        isAmong(contexts & target.contexts, before, this.#kinds[target.position]!),
      );
      if (targets.length > 0) {
        this.#links.push({
          sources: sources.map((place) => place.position),
          targets: targets.map((place) => place.position),
        });
      }
    }
  }

  /** Places that the same places may follow. */
  #alike(places: readonly Place[]): Iterable<readonly Place[]> {
    return Map.groupBy(places, ({ position, contexts }) => contexts * 4 + this.#kinds[position]!).values();
  }
}

const nothing: Fragment = { first: [], last: [], empty: everyContext };

function narrowed(places: readonly Place[], contexts: Contexts): readonly Place[] {
  if (contexts === everyContext) {
    return places;
  }
  return places
    .map((place) => ({ position: place.position, contexts: place.contexts & contexts }))
    .filter((place) => place.contexts !== 0);
}

const lineBreak = single(0x0a);
const word = perlClass("w")!;

/** What an expression's assertions tell apart. */
function splitsFor(tree: RegexNode): readonly (readonly [CodePointSet, Neighbour])[] {
  const { lineBreak: atLineBreak, word: atWord, other } = neighbours;
  const seen = assertionsIn(tree);
  const splits: (readonly [CodePointSet, Neighbour])[] = [];
  if (seen.has("lineStart") || seen.has("lineEnd")) {
    splits.push([lineBreak, atLineBreak]);
  }
  if (seen.has("wordBoundary") || seen.has("noWordBoundary")) {
    splits.push([word, atWord]);
  }
  splits.push([complementOf(unionOf(splits.flatMap(([set]) => set))), other]);
  return splits;
}

function assertionsIn(node: RegexNode): ReadonlySet<string> {
  const seen = new Set<string>();
  const visit = (node: RegexNode): void => {
    if (node.kind === "assertion") {
      seen.add(node.at);
    }
    childrenOf(node).forEach(visit);
  };
  visit(node);
  return seen;
}

function intersection(set: CodePointSet, within: CodePointSet): CodePointSet {
  if (within[0]?.[0] === 0 && within[0][1] === codePointMax) {
    return set;
  }
  return unionOf(within.flatMap(([first, last]) => clip(set, first, last)));
}
