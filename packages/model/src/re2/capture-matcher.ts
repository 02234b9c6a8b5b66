import { AliveStates, unitsAt } from "./alive-states.ts";
import { bitsOf } from "./bits.ts";
import { holds, neighbourOf, neighbours } from "./contexts.ts";
import { PositionAutomaton } from "./position-automaton.ts";
import { positionGraphOf, type PositionGraph } from "./position-graph.ts";
import { operations, programOf, type Program } from "./program.ts";
import { StateTable } from "./state-table.ts";
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
  readonly #automaton: PositionAutomaton;
  readonly #table: StateTable;
  /** By leaf: where its positions begin, counted from the end of the graph. */
  readonly #leafEnds: Int32Array;
  readonly #first: readonly (readonly [word: number, bits: number])[];
  readonly #mayBeEmpty: boolean;
  readonly #visited: Int32Array;
  #visit = 0;

  private constructor(program: Program, graph: PositionGraph, automaton: PositionAutomaton) {
    const { words, classes } = automaton;
    this.#program = program;
    this.#automaton = automaton;
    this.#table = new StateTable(classes.count, words);
    this.#leafEnds = Int32Array.from(graph.leaves, (position) => graph.count - position);
    const first = bitsOf(
      graph.first.map((position) => graph.count - 1 - position),
      words,
    );
    this.#first = [...first.entries()].filter(([, bits]) => bits !== 0);
    this.#mayBeEmpty = graph.mayBeEmpty;
    this.#visited = new Int32Array(program.operations.length);
  }

  /** @returns undefined when the expression is too large. */
  static of(tree: RegexNode): CaptureMatcher | undefined {
    const graph = positionGraphOf(tree, { searchesStart: false, searchesEnd: true });
    if (graph === undefined) {
      return undefined;
    }
    const last = graph.count - 1;
    const backward = {
      ...graph,
      sets: graph.sets.toReversed(),
      links: graph.links.map(({ sources, targets }) => ({
        sources: targets.map((position) => last - position),
        targets: sources.map((position) => last - position),
      })),
    };
    const automaton = PositionAutomaton.of(backward, backward.links, new Uint8Array(graph.count).fill(1));
    return automaton && new CaptureMatcher(programOf(tree), graph, automaton);
  }

  /** All matches that do not overlap, from the left; an empty one right behind another match is none. */
  *matches(text: string): Generator<Slots, void, void> {
    const alive = new AliveStates(this.#automaton, this.#table, text);
    let from = 0;
    let lastEnd = -1;
    while (from <= text.length) {
      const slots = this.#next(text, alive, from);
      if (slots === undefined) {
        return;
      }
      const [start, end] = slots as unknown as [number, number];
      if (end > start || end !== lastEnd) {
        yield slots;
      }
      lastEnd = end;
      from = end > start ? end : end + unitsAt(text, end);
    }
  }

  /** The first match that begins at `from` or behind it. */
  #next(text: string, alive: AliveStates, from: number): Slots | undefined {
    for (let at = from; at <= text.length; at += unitsAt(text, at)) {
      if (this.#mayBeEmpty || this.#mayStart(alive.at(at))) {
        const slots = this.#walk(text, alive, at);
        if (slots !== undefined) {
          return slots;
        }
      }
    }
    return undefined;
  }

  #mayStart(state: number): boolean {
    const { bits } = this.#table;
    const offset = this.#table.bitsOffset(state);
    return this.#first.some(([word, first]) => (bits[offset + word]! & first) !== 0);
  }

  #walk(text: string, alive: AliveStates, start: number): Slots | undefined {
    const { a, operations: codes, slotCount, start: programStart } = this.#program;
    const slots = new Int32Array(slotCount).fill(-1);
    slots[0] = start;
    let at = start;
    let next = this.#choose(programStart, text, at, alive.at(at), slots);
    while (next !== undefined && codes[next] !== operations.match) {
      at += unitsAt(text, at);
      next = this.#choose(a[next]!, text, at, alive.at(at), slots);
    }
    slots[1] = at;
    return next === undefined ? undefined : slots;
  }

  /**
   * Follows instructions up to the first, in order of preference, that takes the character at the place and leads to a
   * match, or is the match; captures on the way to it are put into `slots`.
   */
  #choose(from: number, text: string, at: number, state: number, slots: Slots): number | undefined {
    const { a, b, operations: codes, assertions } = this.#program;
    const visit = ++this.#visit | 0;
    const visited = this.#visited;
    // What is waiting, most preferred last: instructions, and as -1 - slot, value, what a slot was before.
    const waiting: number[] = [];
    let next: number | undefined = from;
    for (; next !== undefined; next = waiting.pop()) {
      if (next < 0) {
        slots[-1 - next] = waiting.pop()!;
        continue;
      }
      let current: number = next;
      while (visited[current] !== visit) {
        visited[current] = visit;
        const code = codes[current]!;
        if (code === operations.match || (code === operations.set && this.#isAlive(b[current]!, state))) {
          return current;
        }
        if (code === operations.set || (code === operations.assertion && !isTrue(assertions[b[current]!]!, text, at))) {
          break;
        }
        if (code === operations.split) {
          waiting.push(b[current]!);
        } else if (code === operations.capture) {
          waiting.push(slots[b[current]!]!, -1 - b[current]!);
          slots[b[current]!] = at;
        }
        current = a[current]!;
      }
    }
    return undefined;
  }

  #isAlive(leaf: number, state: number): boolean {
    const { bits } = this.#table;
    const offset = this.#table.bitsOffset(state);
    for (let position = this.#leafEnds[leaf + 1]!; position < this.#leafEnds[leaf]!; position++) {
      if ((bits[offset + (position >> 5)]! & (1 << (position & 31))) !== 0) {
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
