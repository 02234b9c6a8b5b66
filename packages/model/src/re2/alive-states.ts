import { bitsOf, intersects, sparse, type SparseBits } from "./bits.ts";
import { PositionAutomaton } from "./position-automaton.ts";
import type { PositionGraph } from "./position-graph.ts";
import { StateTable, unknownRow } from "./state-table.ts";
import { replacement } from "./utf8-classes.ts";

interface Checkpoint {
  readonly at: number;
  readonly bits: Int32Array;
}

/**
 * For every place in a text the positions of an expression that lead to a match from there, found by running its graph
 * backward from the text's end. Texts are longer than there may be states: so only some of them are kept from the way to
 * the front, and what lies between two is made again when somebody asks for it. One object serves one text after the
 * other.
 */
export class AliveStates {
  readonly #automaton: PositionAutomaton;
  readonly #table: StateTable;
  /** The column that says of a state where its bits are, times two, and whether a match may begin there. */
  readonly #placeColumn: number;
  readonly #bits: Int32Array;
  /** The positions that a match begins with. */
  readonly #first: SparseBits;
  readonly #mayBeEmpty: boolean;
  #text = "";
  /** From the end of the text to its front. */
  #checkpoints: Checkpoint[] = [];
  /** What the column says of the states from `#from` up to `#to`. */
  #places = new Int32Array(0);
  #from = 0;
  #to = -1;
  /** The lowest place there at which a match may begin, or one behind them. */
  #start = 0;

  private constructor(automaton: PositionAutomaton, first: Int32Array, mayBeEmpty: boolean) {
    this.#automaton = automaton;
    this.#placeColumn = automaton.classes.count;
    this.#table = new StateTable(automaton.classes.count + 1, automaton.words);
    this.#bits = new Int32Array(automaton.words + 1);
    this.#first = sparse(first);
    this.#mayBeEmpty = mayBeEmpty;
  }

  /**
   * @param graph one with anything behind the expression. Its positions are counted from its end here.
   * @returns undefined when it is too large.
   */
  static of(graph: PositionGraph): AliveStates | undefined {
    const last = graph.count - 1;
    // Groups may tell apart what leads to the same: no chains.
    const backward = {
      ...graph,
      chains: [],
      sets: graph.sets.toReversed(),
      links: graph.links.map(({ sources, targets }) => ({
        sources: targets.map((position) => last - position),
        targets: sources.map((position) => last - position),
      })),
    };
    const automaton = PositionAutomaton.of(backward, new Uint8Array(graph.count).fill(1));
    const first = graph.first.map((position) => last - position);
    return automaton && new AliveStates(automaton, bitsOf(first, automaton.words), graph.mayBeEmpty);
  }

  /** Takes another text. */
  begin(text: string): void {
    this.#text = text;
    this.#bits.fill(0);
    this.#bits[0] = 1;
    this.#checkpoints = [{ at: text.length, bits: this.#bits.slice() }];
    const distance = Math.floor(this.#table.capacity / 2);
    while (this.#checkpoints.at(-1)!.at > distance) {
      const { at } = this.#checkpoints.at(-1)!;
      this.#checkpoints.push({ at: this.#read(at, at - distance), bits: this.#bits.slice() });
    }
    this.#to = -1;
    this.#load();
  }

  /** Where in {@link bits} the positions are for a place that is no lower than any asked for before. */
  at(place: number): number {
    while (place > this.#to) {
      this.#loadNext();
    }
    return this.#places[place - this.#from]! >> 1;
  }

  /** The first place at or behind another at which a match may begin; -1 when there is none. */
  startFrom(place: number): number {
    for (;;) {
      for (let at = Math.max(place, this.#start); at <= this.#to; at++) {
        if ((this.#places[at - this.#from]! & 1) !== 0) {
          return at;
        }
      }
      if (this.#to === this.#text.length) {
        return -1;
      }
      this.#loadNext();
    }
  }

  #loadNext(): void {
    this.#checkpoints.pop();
    this.#load();
  }

  /** Good until `at` is called again. */
  get bits(): Int32Array {
    return this.#table.bits;
  }

  /** Reads the text between what is known and the next checkpoint. */
  #load(): void {
    const { at, bits } = this.#checkpoints.at(-1)!;
    this.#bits.set(bits);
    this.#from = this.#to + 1;
    this.#to = at;
    this.#read(at, this.#from);
  }

  /** Reads backward from a place to another, or into the character there; answers how far it came. */
  #read(from: number, to: number): number {
    const table = this.#table;
    const placeColumn = this.#placeColumn;
    if (table.room <= from - to + 1) {
      table.clear();
    }
    if (this.#places.length <= from - to) {
      this.#places = new Int32Array(from - to + 1);
    }
    const text = this.#text;
    const places = this.#places;
    const { classes } = this.#automaton;
    const { ascii } = classes;
    let state = this.#intern();
    let { cells } = table;
    let at = from;
    let place = cells[state + placeColumn]!;
    let start = (place & 1) === 0 ? from + 1 : from;
    places[at - to] = place;
    while (at > to) {
      at -= 1;
      const unit = text.charCodeAt(at);
      let charClass: number;
      if (unit < 0x80) {
        charClass = ascii[unit]!;
      } else if (at > 0 && isTrail(unit) && isLead(text.charCodeAt(at - 1))) {
        if (at >= to) {
          // Nothing begins in the middle of a character.
          places[at - to] = 0;
        }
        at -= 1;
        charClass = classes.of(text.codePointAt(at)!);
      } else {
        charClass = classes.of(isSurrogate(unit) ? replacement : unit);
      }
      let next = cells[state + charClass]!;
      if (next === unknownRow) {
        this.#automaton.step(table.bits, place >> 1, charClass, this.#bits);
        next = this.#intern();
        ({ cells } = table);
        cells[state + charClass] = next;
      }
      state = next;
      place = cells[state + placeColumn]!;
      if (at >= to) {
        places[at - to] = place;
        if ((place & 1) !== 0) {
          start = at;
        }
      }
    }
    this.#start = start;
    this.#bits.set(table.bits.subarray(place >> 1, (place >> 1) + this.#automaton.words));
    return at;
  }

  #intern(): number {
    const state = this.#table.intern(this.#bits, 0);
    const mayStart = this.#mayBeEmpty || intersects(this.#bits, this.#first);
    this.#table.cells[state + this.#placeColumn] = this.#table.bitsOffset(state) * 2 + Number(mayStart);
    return state;
  }
}

/** How many units the character at a place has; 1 at the end. */
export function unitsAt(text: string, at: number): number {
  return isLead(text.charCodeAt(at)) && isTrail(text.charCodeAt(at + 1)) ? 2 : 1;
}

function isLead(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

function isTrail(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}

function isSurrogate(unit: number): boolean {
  return (unit & 0xf800) === 0xd800;
}
