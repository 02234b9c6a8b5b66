import { AliveStates, unitsAt } from "./alive-states.ts";
import { holds, neighbourOf, neighbours } from "./contexts.ts";
import { positionGraphOf, type PositionGraph } from "./position-graph.ts";
import { operations, programOf, type Program } from "./program.ts";
import type { Assertion, RegexNode } from "./tree.ts";

/** Where a match and its groups begin and end, in UTF-16 units; -1 for a group that took no part. */
export type Slots = Int32Array;

/**
 * Finds matches with their groups, as Go does: the leftmost, and of those the one that alternatives and greed prefer. In
 * time linear in the text: it is read from its end first, and for every place is noted down, which positions of the
 * expression lead to a match from there; then the instructions are followed from the front, and where several go on, the
 * preferred one is taken of those that are known to arrive (Frisch and Cardelli 2004). Nothing is tried in vain.
 */
export class CaptureMatcher {
  readonly #program: Program;
  readonly #alive: AliveStates;
  /** By leaf: one behind its positions; the next leaf's is where they begin. */
  readonly #leafEnds: Int32Array;
  readonly #visited: Int32Array;
  /** Instructions still to be tried, the most preferred last; and as a value and -1 - slot, what a slot was before. */
  readonly #waiting: Int32Array;
  #visit = 0;

  private constructor(program: Program, graph: PositionGraph, alive: AliveStates) {
    this.#program = program;
    this.#alive = alive;
    this.#leafEnds = Int32Array.from(graph.leaves, (position) => graph.count - position);
    this.#visited = new Int32Array(program.operations.length);
    this.#waiting = new Int32Array(program.operations.length * 2 + 1);
  }

  /** @returns undefined when the expression is too large. */
  static of(tree: RegexNode): CaptureMatcher | undefined {
    const graph = positionGraphOf(tree, { searchesStart: false, searchesEnd: true });
    const alive = graph && AliveStates.of(graph);
    return alive && new CaptureMatcher(programOf(tree), graph, alive);
  }

  /** The first match. */
  first(text: string): Slots | undefined {
    this.#alive.begin(text);
    return this.#next(text, 0);
  }

  /** All matches that do not overlap, from the left; an empty one right behind another match is none. */
  all(text: string): readonly Slots[] {
    const matches: Slots[] = [];
    this.#alive.begin(text);
    let from = 0;
    let lastEnd = -1;
    while (from <= text.length) {
      const slots = this.#next(text, from);
      if (slots === undefined) {
        break;
      }
      const [start, end] = slots as unknown as [number, number];
      if (end > start || end !== lastEnd) {
        matches.push(slots);
      }
      lastEnd = end;
      from = end > start ? end : end + unitsAt(text, end);
    }
    return matches;
  }

  /** The first match that begins at `from` or behind it. */
  #next(text: string, from: number): Slots | undefined {
    for (let at = this.#alive.startFrom(from); at !== -1; at = this.#alive.startFrom(at + 1)) {
      const slots = this.#walk(text, at);
      if (slots !== undefined) {
        return slots;
      }
    }
    return undefined;
  }

  #walk(text: string, start: number): Slots | undefined {
    const { a, operations: codes, slotCount, start: programStart } = this.#program;
    const slots = new Int32Array(slotCount).fill(-1);
    slots[0] = start;
    let at = start;
    let next = this.#choose(programStart, text, at, slots);
    while (next !== -1 && codes[next] !== operations.match) {
      at += unitsAt(text, at);
      next = this.#choose(a[next]!, text, at, slots);
    }
    slots[1] = at;
    return next === -1 ? undefined : slots;
  }

  /**
   * Follows instructions up to the first, in order of preference, that takes the character at the place and leads to a
   * match, or is the match; captures on the way to it are put into `slots`. -1 when there is none.
   */
  #choose(from: number, text: string, at: number, slots: Slots): number {
    const { a, b, operations: codes, assertions } = this.#program;
    const place = this.#alive.at(at);
    const visit = (this.#visit = (this.#visit + 1) | 0);
    const visited = this.#visited;
    const waiting = this.#waiting;
    waiting[0] = from;
    let count = 1;
    while (count > 0) {
      let current = waiting[--count]!;
      if (current < 0) {
        slots[-1 - current] = waiting[--count]!;
        continue;
      }
      while (visited[current] !== visit) {
        visited[current] = visit;
        const code = codes[current];
        if (code === operations.split) {
          waiting[count++] = b[current]!;
        } else if (code === operations.capture) {
          const slot = b[current]!;
          waiting[count++] = slots[slot]!;
          waiting[count++] = -1 - slot;
          slots[slot] = at;
        } else if (code === operations.set) {
          if (this.#isAlive(b[current]!, place)) {
            return current;
          }
          break;
        } else if (code === operations.match) {
          return current;
        } else if (!isTrue(assertions[b[current]!]!, text, at)) {
          break;
        }
        current = a[current]!;
      }
    }
    return -1;
  }

  #isAlive(leaf: number, place: number): boolean {
    const { bits } = this.#alive;
    const end = this.#leafEnds[leaf]!;
    for (let position = this.#leafEnds[leaf + 1]!; position < end; position++) {
      if ((bits[place + (position >> 5)]! & (1 << (position & 31))) !== 0) {
        return true;
      }
    }
    return false;
  }
}

function isTrue(assertion: Assertion, text: string, at: number): boolean {
  // Halves of a pair are neither line breaks nor letters of a word, like the whole.
  const before = at === 0 ? neighbours.edge : neighbourOf(text.charCodeAt(at - 1));
  const behind = at === text.length ? neighbours.edge : neighbourOf(text.charCodeAt(at));
  return holds(assertion, before, behind);
}
