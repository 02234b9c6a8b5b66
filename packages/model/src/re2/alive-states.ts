import type { PositionAutomaton } from "./position-automaton.ts";
import { type StateTable, unknownRow } from "./state-table.ts";
import { replacement } from "./utf8-classes.ts";

interface Checkpoint {
  readonly at: number;
  readonly bits: Int32Array;
}

/**
 * For every place in a text the state that an automaton reaches there from the text's end. Texts are longer than there
 * may be states: so only some of them are kept from the way to the front, and what lies between two is made again when
 * somebody asks for it.
 */
export class AliveStates {
  readonly #automaton: PositionAutomaton;
  readonly #table: StateTable;
  readonly #text: string;
  readonly #bits: Int32Array;
  /** From the end of the text to its front. */
  readonly #checkpoints: Checkpoint[] = [];
  /** The states of the places from `#from` up to `#to`. */
  #states = new Int32Array(0);
  #from = 0;
  #to = -1;

  constructor(automaton: PositionAutomaton, table: StateTable, text: string) {
    this.#automaton = automaton;
    this.#table = table;
    this.#text = text;
    this.#bits = new Int32Array(automaton.words + 1);
    this.#bits[0] = 1;
    this.#mark(text.length);
    const distance = Math.floor(table.capacity / 2);
    while (this.#checkpoints.at(-1)!.at > distance) {
      const { at, bits } = this.#checkpoints.at(-1)!;
      this.#bits.set(bits);
      this.#mark(this.#read(at, at - distance));
    }
    this.#load();
  }

  /** The state at a place that is no lower than any asked for before. */
  at(place: number): number {
    while (place > this.#to) {
      this.#checkpoints.pop();
      this.#load();
    }
    return this.#states[place - this.#from]!;
  }

  #mark(at: number): void {
    this.#checkpoints.push({ at, bits: this.#bits.slice() });
  }

  /** Reads the text between the checkpoint that is nearest to the front, and what is known. */
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
    if (table.room <= from - to + 1) {
      table.clear();
    }
    if (this.#states.length <= from - to) {
      this.#states = new Int32Array(from - to + 1);
    }
    const states = this.#states;
    const { classes } = this.#automaton;
    let state = table.intern(this.#bits, 0);
    let { cells } = table;
    let at = from;
    states[at - to] = state;
    while (at > to) {
      const unit = this.#text.charCodeAt(at - 1);
      let charClass: number;
      if (unit < 0x80) {
        charClass = classes.ascii[unit]!;
        at -= 1;
      } else {
        const length = at > 1 && isTrail(unit) && isLead(this.#text.charCodeAt(at - 2)) ? 2 : 1;
        at -= length;
        charClass = classes.of(length === 2 ? this.#text.codePointAt(at)! : isSurrogate(unit) ? replacement : unit);
      }
      let next = cells[state + charClass]!;
      if (next === unknownRow) {
        this.#automaton.step(table.bits, table.bitsOffset(state), charClass, this.#bits);
        next = table.intern(this.#bits, 0);
        ({ cells } = table);
        cells[state + charClass] = next;
      }
      state = next;
      if (at >= to) {
        states[at - to] = state;
      }
    }
    const offset = table.bitsOffset(state);
    this.#bits.set(table.bits.subarray(offset, offset + this.#automaton.words));
    return at;
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
