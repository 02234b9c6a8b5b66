import { bitsOf, intersects, isEmpty, sparse, type SparseBits } from "./bits.ts";
import { leadingTo, PositionAutomaton } from "./position-automaton.ts";
import { positionGraphOf, type GraphOptions } from "./position-graph.ts";
import { deadRow, matchedRow, StateTable, unknownRow } from "./state-table.ts";
import type { RegexNode } from "./tree.ts";
import { byteClassesOf, characterLength, codePointAt, replacement, type ByteClasses } from "./utf8-classes.ts";

/** A table that is full again before it has served so many bytes for each of its states is not worth its keep. */
const bytesPerStateMin = 10;
/** For so many bytes then no states are made. */
const simulatedBytes = 1_048_576;

/**
 * Whether an expression matches bytes, in time linear in their number, whatever they are. Bytes that are not UTF-8 are
 * U+FFFD each, as in Go.
 *
 * A deterministic automaton over bytes is made while texts are read, one state when it is first needed; a text costs a
 * look into a table for every byte. When there come to be too many states, all are forgotten. When that happens all the
 * time, as an expression like `a[ab]{99}c` can bring about, positions are simulated instead: slower by a factor that
 * depends on the expression alone.
 */
export class ByteMatcher {
  /** By byte: its column in the table. */
  readonly byteClasses: Uint8Array;
  /** The column of the end of the text. */
  readonly endColumn: number;
  readonly #automaton: PositionAutomaton;
  readonly #table: StateTable;
  readonly #classes: ByteClasses;
  readonly #start: Int32Array;
  readonly #accepting: SparseBits;
  readonly #acceptingAtEnd: SparseBits;
  #current: Int32Array;
  #next: Int32Array;
  readonly #pending = new Uint8Array(4);
  #startState = 0;
  #startGeneration = -1;
  /** Bytes read since the table was cleared. */
  #bytesRead = 0;
  #bytesToSimulate = 0;

  private constructor(automaton: PositionAutomaton, accepting: Int32Array, acceptingAtEnd: Int32Array) {
    const { words, classes } = automaton;
    this.#automaton = automaton;
    this.#classes = byteClassesOf(classes);
    this.byteClasses = this.#classes.of;
    this.endColumn = this.#classes.count;
    this.#table = new StateTable(this.endColumn + 1, words);
    this.#start = bitsOf([0], words);
    this.#accepting = sparse(accepting);
    this.#acceptingAtEnd = sparse(acceptingAtEnd);
    this.#current = new Int32Array(words + 1);
    this.#next = new Int32Array(words + 1);
  }

  /** @returns undefined when the expression is too large. */
  static of(tree: RegexNode, options: GraphOptions): ByteMatcher | undefined {
    const graph = positionGraphOf(tree, options);
    if (graph === undefined) {
      return undefined;
    }
    const end = graph.count - 1;
    const atEnd = graph.links.filter(({ targets }) => targets.includes(end)).flatMap(({ sources }) => sources);
    const automaton = PositionAutomaton.of(graph, leadingTo([end], graph));
    return (
      automaton && new ByteMatcher(automaton, bitsOf(graph.accepting, automaton.words), bitsOf(atEnd, automaton.words))
    );
  }

  /** Word operations of all steps so far: what is spent beyond looking into the table. */
  get work(): number {
    return this.#automaton.steps * this.#automaton.words;
  }

  /** Columns of a row. */
  get width(): number {
    return this.#table.width;
  }

  /** The table as far as it is known; it may be another one after every text. */
  get cells(): Int32Array {
    return this.#table.cells;
  }

  get cellCount(): number {
    return this.#table.length;
  }

  /** Says that the table has been made anew. */
  get generation(): number {
    return this.#table.generation;
  }

  /** The state at the beginning of every text. */
  get startState(): number {
    if (this.#startGeneration !== this.#table.generation) {
      this.#startState = this.#stateOf(this.#start, 0);
      this.#startGeneration = this.#table.generation;
    }
    return this.#startState;
  }

  /** Whether the text `bytes[start, end)` matches. */
  test(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#bytesToSimulate > 0) {
      this.#current.set(this.#start);
      return this.#simulate(bytes, start, end);
    }
    const classes = this.byteClasses;
    const table = this.#table;
    const special = deadRow * table.width;
    let state = this.startState;
    let { cells } = table;
    let at = start;
    let readFrom = start;
    if (state > special) {
      for (; at < end; at++) {
        let next = cells[state + classes[bytes[at]!]!]!;
        if (next === unknownRow) {
          const { generation } = table;
          next = this.#extend(state, classes[bytes[at]!]!);
          ({ cells } = table);
          if (generation !== table.generation) {
            const isThrashing = this.#bytesRead + at - readFrom < bytesPerStateMin * table.capacity;
            this.#bytesRead = 0;
            readFrom = at;
            if (isThrashing && next > special) {
              this.#bytesToSimulate = simulatedBytes;
              this.#current.set(
                table.bits.subarray(table.bitsOffset(next), table.bitsOffset(next) + this.#automaton.words),
              );
              return this.#simulate(bytes, at + 1 - packedCount(table.tagOf(next)), end);
            }
          }
        }
        if (next <= special) {
          this.#bytesRead += at - readFrom;
          return next === matchedRow * table.width;
        }
        state = next;
      }
      this.#bytesRead += at - readFrom;
      state = cells[state + this.endColumn]! || this.#extend(state, this.endColumn);
    }
    return state === matchedRow * table.width;
  }

  /** Goes on without states, from the positions in `#current` at the beginning of a character. */
  #simulate(bytes: Uint8Array, from: number, end: number): boolean {
    this.#bytesToSimulate -= end - from;
    const { classes } = this.#automaton;
    const { ascii } = classes;
    for (let at = from; at < end;) {
      const byte = bytes[at]!;
      if (byte < 0x80) {
        this.#step(ascii[byte]!);
        at += 1;
      } else {
        const length = characterLength(bytes, at, end);
        this.#step(classes.of(length > 0 ? codePointAt(bytes, at, length) : replacement));
        at += Math.max(length, 1);
      }
      if (intersects(this.#current, this.#accepting)) {
        return true;
      }
    }
    return intersects(this.#current, this.#acceptingAtEnd);
  }

  #step(charClass: number): void {
    this.#automaton.step(this.#current, 0, charClass, this.#next);
    const current = this.#current;
    this.#current = this.#next;
    this.#next = current;
  }

  /** Finds the state behind a column, and notes it down unless the table had to be cleared for it. */
  #extend(state: number, column: number): number {
    const table = this.#table;
    const { words } = this.#automaton;
    const offset = table.bitsOffset(state);
    this.#current.set(table.bits.subarray(offset, offset + words));
    let count = unpack(table.tagOf(state), this.#pending);
    const isEnd = column === this.endColumn;
    if (!isEnd) {
      this.#pending[count++] = this.#classes.members[column]!;
    }
    const tag = this.#feed(count, isEnd);
    const { generation } = table;
    const next = isEnd
      ? (intersects(this.#current, this.#acceptingAtEnd) ? matchedRow : deadRow) * table.width
      : this.#stateOf(this.#current, tag);
    if (generation === table.generation) {
      table.cells[state + column] = next;
    }
    return next;
  }

  /** Steps over the characters in `#pending[0, count)`; answers with what is left over, the beginning of one. */
  #feed(count: number, isEnd: boolean): number {
    const { classes } = this.#automaton;
    const pending = this.#pending;
    for (let at = 0; at < count;) {
      const length = characterLength(pending, at, count);
      if (length === 0 && !isEnd) {
        return pack(pending, at, count);
      }
      this.#step(classes.of(length > 0 ? codePointAt(pending, at, length) : replacement));
      this.#automaton.prune(this.#current);
      at += Math.max(length, 1);
    }
    return 0;
  }

  #stateOf(bits: Int32Array, tag: number): number {
    const table = this.#table;
    if (intersects(bits, this.#accepting)) {
      return matchedRow * table.width;
    }
    if (isEmpty(bits)) {
      return deadRow * table.width;
    }
    if (table.isFull) {
      table.clear();
    }
    return table.intern(bits, tag);
  }
}

/** Up to three bytes, each above 0x7f, as a number. */
function pack(bytes: Uint8Array, from: number, to: number): number {
  let tag = 0;
  for (let at = from; at < to; at++) {
    tag = (tag << 8) | bytes[at]!;
  }
  return tag;
}

/** Writes the bytes; answers how many there are. */
function unpack(tag: number, bytes: Uint8Array): number {
  const count = packedCount(tag);
  for (let i = 0; i < count; i++) {
    bytes[i] = tag >> (8 * (count - 1 - i));
  }
  return count;
}

function packedCount(tag: number): number {
  return tag === 0 ? 0 : tag < 0x100 ? 1 : tag < 0x1_0000 ? 2 : 3;
}
