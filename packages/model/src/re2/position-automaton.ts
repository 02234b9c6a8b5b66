import { sparse } from "./bits.ts";
import { CharClasses } from "./char-classes.ts";
import { Chains } from "./chains.ts";
import type { Link, PositionGraph } from "./position-graph.ts";

/** Distances between positions that a shift of all of them at once covers, when there are many of the kind. */
const distancesMax = 6;
const distanceCountMin = 4;
/** Bits of positions for all classes together. */
const reachBytesMax = 16_777_216;

/** Positions that make others reachable, and do not with a shift. */
interface Exceptions {
  /** The words with such positions. */
  readonly sourceWords: Int32Array;
  /** The positions of a word that have such links. */
  readonly mask: Int32Array;
  /** By word: its entries are `[entryStarts[word], entryStarts[word + 1])`. */
  readonly entryStarts: Int32Array;
  readonly entryMasks: Int32Array;
  readonly entryLinks: Int32Array;
  /** By link: what it reaches, `[targetStarts[link], targetStarts[link + 1])`. */
  readonly targetStarts: Int32Array;
  readonly targetWords: Int32Array;
  readonly targetBits: Int32Array;
}

/**
 * Simulates all ways through a position graph at once. A set of positions is a bit vector; a step costs a few operations
 * for each of its words, and one for each link that is no plain neighbourhood, whatever the text.
 */
export class PositionAutomaton {
  readonly classes: CharClasses;
  /** 32-bit words of a set of positions. */
  readonly words: number;
  /** How many steps have been made: what running time is in proportion to. */
  steps = 0;
  /** By class: the positions that take it. */
  readonly #reach: Int32Array;
  readonly #shifts: Shifts;
  readonly #exceptions: Exceptions;
  readonly #chains: Chains;
  readonly #stamps: Int32Array;
  #stamp = 0;

  private constructor(classes: CharClasses, reach: Int32Array, { count, links, chains }: PositionGraph) {
    const words = Math.ceil(count / 32);
    this.classes = classes;
    this.words = words;
    this.#chains = new Chains(chains);
    this.#reach = reach;
    const { shifts, rest } = shiftsOf(merged(links), words);
    this.#shifts = shifts;
    this.#exceptions = exceptionsOf(rest, words);
    this.#stamps = new Int32Array(rest.length);
  }

  /**
   * @param useful which positions are worth following; others are never reached.
   * @returns undefined when it would be too large.
   */
  static of(graph: PositionGraph, useful: Uint8Array): PositionAutomaton | undefined {
    const sets = new Set(graph.sets.filter((set) => set.length > 0));
    const classes = new CharClasses(sets);
    const words = Math.ceil(graph.count / 32);
    if (classes.count > 65_535 || classes.count * words * 4 > reachBytesMax) {
      return undefined;
    }
    const reach = new Int32Array(classes.count * words);
    const classesOf = new Map(sets.values().map((set) => [set, classes.within(set)]));
    for (const [position, set] of graph.sets.entries()) {
      if (set.length > 0 && useful[position] === 1) {
        for (const of of classesOf.get(set)!) {
          reach[of * words + (position >> 5)]! |= 1 << (position & 31);
        }
      }
    }
    return new PositionAutomaton(classes, reach, graph);
  }

  /**
   * What can be reached from a set of positions by a character of the class; `to` must have a word to spare. Positions
   * that add nothing are in it too: see {@link prune}.
   */
  step(from: Int32Array, fromOffset: number, charClass: number, to: Int32Array): void {
    const { words } = this;
    this.steps += 1;
    const reach = this.#reach;
    const reachOffset = charClass * words;
    const { next, farWords, farMasks, farDistances } = this.#shifts;
    let carry = 0;
    for (let word = 0; word < words; word++) {
      const moving = from[fromOffset + word]! & next[word]!;
      to[word] = ((moving << 1) | carry) & reach[reachOffset + word]!;
      carry = moving >>> 31;
    }
    to[words] = 0;
    for (let i = 0; i < farWords.length; i++) {
      const word = farWords[i]!;
      const moving = from[fromOffset + word]! & farMasks[i]!;
      if (moving !== 0) {
        const distance = farDistances[i]!;
        to[word]! |= (moving << distance) & reach[reachOffset + word]!;
        const high = (moving >>> 1) >>> (31 - distance);
        if (high !== 0) {
          to[word + 1]! |= high & reach[reachOffset + word + 1]!;
        }
      }
    }
    this.#followExceptions(from, fromOffset, reachOffset, to);
  }

  /** Takes positions out of a set that lead to nothing that others of it do not: fewer sets are different then. */
  prune(bits: Int32Array): void {
    this.#chains.prune(bits);
  }

  #followExceptions(from: Int32Array, fromOffset: number, reachOffset: number, to: Int32Array): void {
    const { sourceWords, mask, entryStarts, entryMasks, entryLinks } = this.#exceptions;
    const { targetStarts, targetWords, targetBits } = this.#exceptions;
    const reach = this.#reach;
    const stamps = this.#stamps;
    const stamp = (this.#stamp + 1) | 0;
    this.#stamp = stamp;
    for (let i = 0; i < sourceWords.length; i++) {
      const word = sourceWords[i]!;
      const exceptional = from[fromOffset + word]! & mask[word]!;
      if (exceptional === 0) {
        continue;
      }
      const entryEnd = entryStarts[word + 1]!;
      for (let entry = entryStarts[word]!; entry < entryEnd; entry++) {
        const link = entryLinks[entry]!;
        if ((exceptional & entryMasks[entry]!) === 0 || stamps[link] === stamp) {
          continue;
        }
        stamps[link] = stamp;
        const targetEnd = targetStarts[link + 1]!;
        for (let target = targetStarts[link]!; target < targetEnd; target++) {
          const at = targetWords[target]!;
          to[at]! |= targetBits[target]! & reach[reachOffset + at]!;
        }
      }
    }
  }
}

/** Which positions lead to one of the goals. */
export function leadingTo(goals: Iterable<number>, { count, links }: PositionGraph): Uint8Array {
  const useful = new Uint8Array(count);
  const linksTo = new Map<number, Link[]>();
  for (const link of links) {
    for (const target of link.targets) {
      const into = linksTo.get(target);
      if (into === undefined) {
        linksTo.set(target, [link]);
      } else {
        into.push(link);
      }
    }
  }
  const followed = new Set<Link>();
  const waiting = [...goals];
  for (let position = waiting.pop(); position !== undefined; position = waiting.pop()) {
    useful[position] = 1;
    for (const link of linksTo.get(position) ?? []) {
      if (!followed.has(link)) {
        followed.add(link);
        for (const source of link.sources) {
          if (useful[source] === 0) {
            waiting.push(source);
          }
        }
      }
    }
  }
  return useful;
}

/** Links from the same sources, or to the same targets, as one. */
function merged(links: readonly Link[]): readonly Link[] {
  const byTargets = Map.groupBy(links, ({ targets }) => targets.join());
  const fewer = byTargets.values().map((alike): Link => ({ ...alike[0]!, sources: unionOf(alike, "sources") }));
  const bySources = Map.groupBy(fewer, ({ sources }) => sources.join());
  return bySources
    .values()
    .map((alike): Link => ({ ...alike[0]!, targets: unionOf(alike, "targets") }))
    .toArray();
}

function unionOf(links: readonly Link[], side: keyof Link): readonly number[] {
  return links.length === 1 ? links[0]![side] : [...new Set(links.flatMap((link) => link[side]))].sort((a, b) => a - b);
}

/** The positions from which others are reached that lie a fixed distance behind them. */
interface Shifts {
  /** By word: those from which the next one is. */
  readonly next: Int32Array;
  /** Other distances, 0 and from 2 to 31: words that have such positions, which these are, and how far it is. */
  readonly farWords: Int32Array;
  readonly farMasks: Int32Array;
  readonly farDistances: Int32Array;
}

/** Finds the links that a shift can do: copies of a part have the same distances inside. */
function shiftsOf(links: readonly Link[], words: number): { readonly shifts: Shifts; readonly rest: readonly Link[] } {
  const counts = new Map<number, number>();
  const few = links.filter(({ sources, targets }) => sources.length * targets.length <= 4);
  for (const distance of few.flatMap(distancesOf)) {
    counts.set(distance, (counts.get(distance) ?? 0) + 1);
  }
  const frequent = [...counts]
    .filter(([distance, count]) => distance >= 2 && distance < 32 && count >= distanceCountMin)
    .sort((a, b) => b[1] - a[1])
    .slice(0, distancesMax)
    .map(([distance]) => distance);
  const masks = new Map([0, 1, ...frequent].map((distance) => [distance, new Int32Array(words)]));
  const rest: Link[] = [];
  for (const link of links) {
    if (link.sources.length * link.targets.length > 4 || !distancesOf(link).every((distance) => masks.has(distance))) {
      rest.push(link);
      continue;
    }
    for (const source of link.sources) {
      for (const target of link.targets) {
        masks.get(target - source)![source >> 5]! |= 1 << (source & 31);
      }
    }
  }
  const far = [0, ...frequent].flatMap((distance) => {
    const { words, bits } = sparse(masks.get(distance)!);
    return Array.from(words, (word, i) => ({ word, mask: bits[i]!, distance }));
  });
  const shifts = {
    next: masks.get(1)!,
    farWords: Int32Array.from(far, ({ word }) => word),
    farMasks: Int32Array.from(far, ({ mask }) => mask),
    farDistances: Int32Array.from(far, ({ distance }) => distance),
  };
  return { shifts, rest };
}

function distancesOf({ sources, targets }: Link): number[] {
  return sources.flatMap((source) => targets.map((target) => target - source));
}

function exceptionsOf(links: readonly Link[], words: number): Exceptions {
  const mask = new Int32Array(words);
  const entries: [mask: number, link: number][][] = Array.from({ length: words }, () => []);
  const targets: { starts: number[]; words: number[]; bits: number[] } = { starts: [0], words: [], bits: [] };
  for (const [i, link] of links.entries()) {
    for (const [word, bits] of byWord(link.sources)) {
      mask[word]! |= bits;
      entries[word]!.push([bits, i]);
    }
    for (const [word, bits] of byWord(link.targets)) {
      targets.words.push(word);
      targets.bits.push(bits);
    }
    targets.starts.push(targets.words.length);
  }
  const entryStarts = new Int32Array(words + 1);
  for (const [word, list] of entries.entries()) {
    entryStarts[word + 1] = entryStarts[word]! + list.length;
  }
  return {
    sourceWords: Int32Array.from(mask.keys().filter((word) => mask[word] !== 0)),
    mask,
    entryStarts,
    entryMasks: Int32Array.from(entries.flatMap((list) => list.map(([bits]) => bits))),
    entryLinks: Int32Array.from(entries.flatMap((list) => list.map(([, link]) => link))),
    targetStarts: Int32Array.from(targets.starts),
    targetWords: Int32Array.from(targets.words),
    targetBits: Int32Array.from(targets.bits),
  };
}

function byWord(positions: readonly number[]): ReadonlyMap<number, number> {
  const bits = new Map<number, number>();
  for (const position of positions) {
    const word = position >> 5;
    bits.set(word, (bits.get(word) ?? 0) | (1 << (position & 31)));
  }
  return bits;
}
