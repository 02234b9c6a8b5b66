import type { Chain } from "./position-graph.ts";

/** Where copies of up to 32 positions lie. */
interface Column {
  readonly start: number;
  readonly width: number;
  readonly stride: number;
  readonly end: number;
}

/** Takes positions out of bit vectors that add nothing: those for which an earlier copy of the same place is there. */
export class Chains {
  readonly #columns: readonly Column[];

  constructor(chains: readonly Chain[]) {
    this.#columns = chains.flatMap(({ start, size, copies }) =>
      Array.from({ length: Math.ceil(size / 32) }, (_, i) => ({
        start: start + 32 * i,
        width: Math.min(size - 32 * i, 32),
        stride: size,
        end: start + size * copies,
      })),
    );
  }

  prune(bits: Int32Array): void {
    const columns = this.#columns;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]!;
      if (column.stride === 1) {
        keepLowest(bits, column.start, column.end);
      } else {
        pruneColumn(bits, column);
      }
    }
  }
}

function keepLowest(bits: Int32Array, start: number, end: number): void {
  let isFound = false;
  for (let word = start >> 5; word << 5 < end; word++) {
    const inside = bits[word]! & maskOf(start - (word << 5), end - (word << 5));
    if (inside !== 0) {
      // Of the first word the lowest bit stays.
      bits[word]! ^= isFound ? inside : inside & (inside - 1);
      isFound = true;
    }
  }
}

/** The bits `[from, to)` of a word, as far as they are in it. */
function maskOf(from: number, to: number): number {
  const above = from <= 0 ? -1 : -1 << from;
  return to >= 32 ? above : above & ~(-1 << to);
}

function pruneColumn(bits: Int32Array, { start, width, stride, end }: Column): void {
  const mask = width === 32 ? -1 : ~(-1 << width);
  let seen = 0;
  for (let at = start; at < end; at += stride) {
    const word = at >> 5;
    const shift = at & 31;
    const low = bits[word]!;
    const high = shift === 0 ? 0 : bits[word + 1]!;
    if ((low | high) === 0) {
      continue;
    }
    const copy = ((low >>> shift) | (shift === 0 ? 0 : high << (32 - shift))) & mask;
    const again = copy & seen;
    seen |= copy;
    if (again !== 0) {
      bits[word]! ^= again << shift;
      if (shift !== 0) {
        bits[word + 1]! ^= again >>> (32 - shift);
      }
    }
  }
}
