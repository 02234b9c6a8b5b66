import { codePointMax, complementOf, type CodePointSet } from "./code-points.ts";

/** Numbers of classes of characters that an expression cannot tell apart. */
export class CharClasses {
  readonly count: number;
  /** Class of every ASCII character. */
  readonly ascii: Uint16Array;
  /** Where the runs of characters of one class begin, ascending from 0. */
  readonly starts: Uint32Array;
  readonly #classes: Uint16Array;

  /** The coarsest classes of which every one of the sets is made. */
  constructor(sets: Iterable<CodePointSet>) {
    const { starts, classes, count } = partition([...sets]);
    this.starts = starts;
    this.#classes = classes;
    this.count = count;
    this.ascii = Uint16Array.from({ length: 128 }, (_, i) => this.#search(i));
  }

  of(codePoint: number): number {
    return codePoint < 128 ? this.ascii[codePoint]! : this.#search(codePoint);
  }

  /** The classes that a set is made of; it is one of those that the classes were made for. */
  within(set: CodePointSet): Uint16Array {
    const isWithin = new Uint8Array(this.count);
    for (const [first, last] of set) {
      for (let i = this.#runOf(first); i < this.starts.length && this.starts[i]! <= last; i++) {
        isWithin[this.#classes[i]!] = 1;
      }
    }
    return Uint16Array.from(isWithin.keys().filter((charClass) => isWithin[charClass] === 1));
  }

  #search(codePoint: number): number {
    return this.#classes[this.#runOf(codePoint)]!;
  }

  #runOf(codePoint: number): number {
    const { starts } = this;
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= codePoint) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }
}

interface Partition {
  readonly starts: Uint32Array;
  readonly classes: Uint16Array;
  readonly count: number;
}

/** Splits classes by one set after the other; runs that end up in the same class are joined. */
function partition(sets: readonly CodePointSet[]): Partition {
  const bounds = new Set([0]);
  for (const [first, last] of sets.flat()) {
    bounds.add(first);
    if (last < codePointMax) {
      bounds.add(last + 1);
    }
  }
  const starts = Uint32Array.from(bounds).sort();
  const indexes = new Map<number, number>(Array.from(starts, (start, i) => [start, i]));
  const classes = new Uint32Array(starts.length);
  let next = 1;
  for (const set of sets) {
    const runs = runsOf(set, indexes, starts.length);
    const others = runsOf(complementOf(set), indexes, starts.length);
    // A set parts the classes the same way as all that is not in it.
    const split = new Map<number, number>();
    for (const [from, to] of lengthOf(runs) < lengthOf(others) ? runs : others) {
      for (let i = from; i < to; i++) {
        const old = classes[i]!;
        const fresh = split.get(old) ?? next++;
        split.set(old, fresh);
        classes[i] = fresh;
      }
    }
  }
  return joinRuns(starts, classes);
}

type Run = readonly [from: number, to: number];

/** Which runs the ranges of a set are, each from one up to before another. */
function runsOf(set: CodePointSet, indexes: ReadonlyMap<number, number>, count: number): readonly Run[] {
  return set.map(([first, last]) => [indexes.get(first)!, last === codePointMax ? count : indexes.get(last + 1)!]);
}

function lengthOf(runs: readonly Run[]): number {
  return runs.reduce((sum, [from, to]) => sum + to - from, 0);
}

function joinRuns(starts: Uint32Array, classes: Uint32Array): Partition {
  const numbers = new Map<number, number>();
  const joined: { starts: number[]; classes: number[] } = { starts: [], classes: [] };
  for (const [i, start] of starts.entries()) {
    const number = numbers.get(classes[i]!) ?? numbers.size;
    numbers.set(classes[i]!, number);
    if (joined.classes.at(-1) !== number) {
      joined.starts.push(start);
      joined.classes.push(number);
    }
  }
  return {
    starts: Uint32Array.from(joined.starts),
    classes: Uint16Array.from(joined.classes),
    count: numbers.size,
  };
}
