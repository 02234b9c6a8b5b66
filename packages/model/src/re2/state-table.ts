/** Rows that every table begins with, times the table's width: `next` answers with one of these or a larger number. */
export const unknownRow = 0;
export const matchedRow = 1;
export const deadRow = 2;
const specialRows = 3;

/** What all rows, with their bit vectors, may take. */
const tableBytesMax = 4_194_304;
const statesMin = 128;
const statesMax = 16_384;

/**
 * The states of a deterministic automaton that is built as far as texts need it: sets of positions, each with a row of
 * the states that follow. A state is known by where its row begins in `cells`. What is not known yet is zero there;
 * from the rows of a match and of a dead end nothing leads away.
 */
export class StateTable {
  /** Columns of a row. */
  readonly width: number;
  /** Replaced when it grows; rows never move. */
  cells: Int32Array;
  /** How much of `cells` is in use. */
  length = 0;
  /** How often the table has been cleared: states of before mean nothing any more. */
  generation = 0;
  /** How many states fit, without the special ones. */
  readonly capacity: number;
  readonly #words: number;
  #bits: Int32Array;
  #tags: Int32Array;
  #slots: Int32Array;
  #count = 0;

  /** @param words 32-bit words of a state's bit vector. */
  constructor(width: number, words: number) {
    this.width = width;
    this.#words = words;
    const fitting = Math.floor(tableBytesMax / (4 * (width + words + 3)));
    this.capacity = Math.min(statesMax, Math.max(statesMin, fitting));
    const rows = Math.min(16, this.capacity);
    this.cells = new Int32Array((rows + specialRows) * width);
    this.#bits = new Int32Array(rows * words);
    this.#tags = new Int32Array(rows);
    this.#slots = new Int32Array(rows * 2);
    this.clear();
  }

  get isFull(): boolean {
    return this.#count === this.capacity;
  }

  /** How many more states fit. */
  get room(): number {
    return this.capacity - this.#count;
  }

  clear(): void {
    const { width, cells } = this;
    cells.fill(0);
    cells.fill(matchedRow * width, matchedRow * width, (matchedRow + 1) * width);
    cells.fill(deadRow * width, deadRow * width, (deadRow + 1) * width);
    this.#slots.fill(0);
    this.#count = 0;
    this.length = specialRows * width;
    this.generation += 1;
  }

  /**
   * The state of a bit vector and a tag, which is new when there is none. The table must not be full.
   *
   * @param tag what else there is to a state.
   */
  intern(bits: Int32Array, tag: number): number {
    let slot = this.#hash(bits, tag);
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & (this.#slots.length - 1)) {
      const index = this.#slots[slot]! - 1;
      if (this.#tags[index] === tag && this.#isAt(index, bits)) {
        return (index + specialRows) * this.width;
      }
    }
    if (this.#count === this.#tags.length) {
      this.#grow();
      return this.intern(bits, tag);
    }
    const index = this.#count++;
    this.#slots[slot] = index + 1;
    this.#tags[index] = tag;
    this.#bits.set(bits.subarray(0, this.#words), index * this.#words);
    this.length += this.width;
    return (index + specialRows) * this.width;
  }

  tagOf(state: number): number {
    return this.#tags[state / this.width - specialRows]!;
  }

  /** All bit vectors; that of a state is at {@link bitsOffset}. */
  get bits(): Int32Array {
    return this.#bits;
  }

  bitsOffset(state: number): number {
    return (state / this.width - specialRows) * this.#words;
  }

  #isAt(index: number, bits: Int32Array): boolean {
    const words = this.#words;
    for (let word = 0, at = index * words; word < words; word++, at++) {
      if (this.#bits[at] !== bits[word]) {
        return false;
      }
    }
    return true;
  }

  #hash(bits: Int32Array, tag: number): number {
    let hash = tag | 0;
    for (let word = 0; word < this.#words; word++) {
      hash = Math.imul(hash ^ bits[word]!, 0x9e37_79b1);
      hash ^= hash >>> 15;
    }
    return hash & (this.#slots.length - 1);
  }

  #grow(): void {
    const rows = Math.min(this.#tags.length * 2, this.capacity);
    this.cells = grown(this.cells, (rows + specialRows) * this.width);
    this.#bits = grown(this.#bits, rows * this.#words);
    this.#tags = grown(this.#tags, rows);
    // A power of two, of which at most half is in use.
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(rows * 2)));
    for (let index = 0; index < this.#count; index++) {
      const bits = this.#bits.subarray(index * this.#words, (index + 1) * this.#words);
      let slot = this.#hash(bits, this.#tags[index]!);
      while (this.#slots[slot] !== 0) {
        slot = (slot + 1) & (this.#slots.length - 1);
      }
      this.#slots[slot] = index + 1;
    }
  }
}

function grown(array: Int32Array, length: number): Int32Array {
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
}
