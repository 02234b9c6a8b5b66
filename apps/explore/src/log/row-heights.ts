/**
 * Heights of a list's rows in pixels, with the sum above any row and the row at any pixel in O(log n): a Fenwick tree
 * that grows at the end and is evicted at the front.
 */
export class RowHeights {
  #capacity = 1024;
  #heights = new Float64Array(this.#capacity);
  /** One-based: `#sums[i]` is the sum of the `i & -i` heights that end at row `i - 1`. */
  #sums = new Float64Array(this.#capacity + 1);
  /** Rows before this one were evicted. */
  #first = 0;
  #end = 0;
  #evictedSum = 0;

  get count(): number {
    return this.#end - this.#first;
  }

  get total(): number {
    return this.#prefix(this.#end) - this.#evictedSum;
  }

  clear(): void {
    this.#first = 0;
    this.#end = 0;
    this.#evictedSum = 0;
  }

  append(height: number): void {
    if (this.#end === this.#capacity) {
      this.#makeRoom();
    }
    this.#heights[this.#end] = height;
    this.#end += 1;
    this.#sums[this.#end] = this.#sumEndingAt(this.#end);
  }

  /** Drops the first rows and returns their height. */
  evict(count: number): number {
    const before = this.#evictedSum;
    this.#first = Math.min(this.#end, this.#first + count);
    this.#evictedSum = this.#prefix(this.#first);
    return this.#evictedSum - before;
  }

  height(index: number): number {
    return this.#heights[this.#first + index]!;
  }

  set(index: number, height: number): void {
    const row = this.#first + index;
    const change = height - this.#heights[row]!;
    this.#heights[row] = height;
    for (let i = row + 1; i <= this.#end; i += i & -i) {
      this.#sums[i]! += change;
    }
  }

  /** Pixels above a row; for the row after the last one, all of them. */
  offsetOf(index: number): number {
    return this.#prefix(this.#first + index) - this.#evictedSum;
  }

  /** The row that covers a pixel, kept within the list; -1 when it is empty. */
  indexAt(offset: number): number {
    if (this.count === 0) {
      return -1;
    }
    let rest = Math.max(0, offset) + this.#evictedSum;
    let row = 0;
    for (let size = highestPower(this.#end); size > 0; size >>= 1) {
      const next = row + size;
      if (next <= this.#end && this.#sums[next]! <= rest) {
        row = next;
        rest -= this.#sums[next]!;
      }
    }
    return Math.min(Math.max(row - this.#first, 0), this.count - 1);
  }

  #prefix(row: number): number {
    let sum = 0;
    for (let i = row; i > 0; i -= i & -i) {
      sum += this.#sums[i]!;
    }
    return sum;
  }

  #sumEndingAt(i: number): number {
    let sum = this.#heights[i - 1]!;
    const stop = i - (i & -i);
    for (let child = i - 1; child > stop; child -= child & -child) {
      sum += this.#sums[child]!;
    }
    return sum;
  }

  /** Drops the evicted front when it is half of the room, else doubles the room. */
  #makeRoom(): void {
    const kept = this.#heights.slice(this.#first, this.#end);
    if (this.#first < this.#capacity / 2) {
      this.#capacity *= 2;
      this.#heights = new Float64Array(this.#capacity);
      this.#sums = new Float64Array(this.#capacity + 1);
    }
    this.#heights.set(kept);
    this.clear();
    this.#end = kept.length;
    for (let i = 1; i <= this.#end; i++) {
      this.#sums[i] = this.#sumEndingAt(i);
    }
  }
}

function highestPower(count: number): number {
  return count === 0 ? 0 : 2 ** Math.floor(Math.log2(count));
}
