import type { LabelPair, Labels } from "@sluice/model";
import { checkPairs } from "./limits.ts";

/**
 * Reads sets of structured metadata that were sent as clients send them: names ascending, name before value, nothing
 * empty, nothing else. What the sets have in common, their names, becomes a string once.
 */
export class CanonicalMetadata {
  readonly #bytes: Buffer;
  /** The name that the n-th pair of a set had last, and where it lies. */
  readonly #names: { readonly text: string; readonly start: number; readonly end: number }[] = [];
  #offset = 0;
  #pairCount = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The set in the fields between two offsets of an entry; undefined when they are anything else. */
  read(start: number, end: number): Labels | undefined {
    const pairs: LabelPair[] = [];
    let before = "";
    this.#offset = start;
    while (this.#offset < end) {
      const pairEnd = this.#fieldEnd(0x1a, end);
      const nameEnd = this.#fieldEnd(0x0a, pairEnd);
      const nameStart = this.#offset;
      this.#offset = nameEnd;
      const valueEnd = this.#fieldEnd(0x12, pairEnd);
      const valueStart = this.#offset;
      if (valueEnd === -1 || valueEnd !== pairEnd || valueStart === valueEnd || nameStart === nameEnd) {
        return undefined;
      }
      const name = this.#nameAt(pairs.length, nameStart, nameEnd);
      if (name <= before) {
        return undefined;
      }
      before = name;
      checkPairs(++this.#pairCount);
      pairs.push({ name, value: this.#bytes.toString("utf8", valueStart, valueEnd) });
      this.#offset = valueEnd;
    }
    return pairs;
  }

  /** Reads a tag, which must be this one, and a length of no more bytes than it needs, of two at most; -1 else. */
  #fieldEnd(tag: number, end: number): number {
    const bytes = this.#bytes;
    const at = this.#offset;
    if (at + 1 >= end || bytes[at] !== tag) {
      return -1;
    }
    let length = bytes[at + 1]!;
    this.#offset = at + 2;
    if (length >= 0x80) {
      const upper = at + 2 < end ? bytes[at + 2]! : 0;
      if (upper === 0 || upper >= 0x80) {
        return -1;
      }
      length += (upper - 1) * 128;
      this.#offset = at + 3;
    }
    return length <= end - this.#offset ? this.#offset + length : -1;
  }

  #nameAt(index: number, start: number, end: number): string {
    const known = this.#names[index];
    if (known !== undefined && known.end - known.start === end - start && this.#isSame(known.start, start, end)) {
      return known.text;
    }
    const text = this.#bytes.toString("utf8", start, end);
    this.#names[index] = { text, start, end };
    return text;
  }

  #isSame(known: number, start: number, end: number): boolean {
    const bytes = this.#bytes;
    for (let at = start, i = known; at < end; at++, i++) {
      if (bytes[at] !== bytes[i]) {
        return false;
      }
    }
    return true;
  }
}
