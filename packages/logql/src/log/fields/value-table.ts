import { decodeLine } from "../decode-line.ts";

/** The number of a field that a line does not have. */
export const absentValue = 0;
/** The number of a value that has none. */
export const unclearValue = -1;

/** Slots that are looked at for a value. Half of all are free, so that more are taken only where somebody made values for it. */
const probesMax = 64;
const slotsAtFirst = 1024;
const bytesAtFirst = 16 * 1024;
/** A length of up to 3 and as many bytes make a number of 26 bits. */
const shortBytesMax = 3;
const shortMask = 255;
const shortShift = 20;
const golden = 0x9e3779b1;
const noKey = -1;

/**
 * Numbers the values of a field, so that what follows from a value is found out once for each: most fields of most logs have
 * few. Values are told apart by their bytes. The numbers begin at 1.
 */
export class ValueTable {
  /** Values by their hash: open addressing, half empty. */
  #slots = new Int32Array(slotsAtFirst);
  #hashes = new Int32Array(slotsAtFirst);
  #ends = new Float64Array(slotsAtFirst);
  #bytes = new Uint8Array(bytesAtFirst);
  #count = 0;
  readonly #shortKeys = new Int32Array(shortMask + 1).fill(noKey);
  readonly #shortNumbers = new Int32Array(shortMask + 1);

  /** How many values it knows, which is the highest number. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of the values that it knows. */
  get sizeBytes(): number {
    return this.#ends[this.#count]!;
  }

  /** The number of the value `bytes[start, end)`; {@link unclearValue} where too many others have its hash. */
  numberOf(bytes: Uint8Array, start: number, end: number): number {
    return end - start <= shortBytesMax ? this.#ofShort(bytes, start, end) : this.#ofAny(bytes, start, end);
  }

  /** Short values are remembered as numbers of their own bytes and length. */
  #ofShort(bytes: Uint8Array, start: number, end: number): number {
    let key = end - start;
    for (let i = start; i < end; i++) {
      key = (key << 8) | bytes[i]!;
    }
    const place = (Math.imul(key, golden) >>> shortShift) & shortMask;
    if (this.#shortKeys[place] === key) {
      return this.#shortNumbers[place]!;
    }
    const number = this.#ofAny(bytes, start, end);
    this.#shortKeys[place] = key;
    this.#shortNumbers[place] = number;
    return number;
  }

  #ofAny(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let probes = 0; probes < probesMax; probes++) {
      const number = this.#slots[slot]!;
      if (number === absentValue) {
        return this.#add(slot, hash, bytes, start, end);
      }
      if (this.#hashes[number] === hash && this.#equals(number, bytes, start, end)) {
        return number;
      }
      slot = (slot + 1) & mask;
    }
    return unclearValue;
  }

  /** The value as text, as a parser makes a label of it. */
  textOf(number: number): string {
    return decodeLine(this.#bytes, this.#ends[number - 1]!, this.#ends[number]!);
  }

  clear(): void {
    this.#slots.fill(absentValue);
    this.#shortKeys.fill(noKey);
    this.#count = 0;
  }

  #equals(number: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#ends[number - 1]!;
    if (this.#ends[number]! - from !== end - start) {
      return false;
    }
    const known = this.#bytes;
    for (let i = 0; i < end - start; i++) {
      if (known[from + i] !== bytes[start + i]) {
        return false;
      }
    }
    return true;
  }

  #add(slot: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const number = this.#count + 1;
    const from = this.#ends[number - 1]!;
    if (from + end - start > this.#bytes.length) {
      this.#bytes = resized(new Uint8Array(Math.max(this.#bytes.length * 2, from + end - start)), this.#bytes);
    }
    this.#bytes.set(bytes.subarray(start, end), from);
    this.#count = number;
    this.#slots[slot] = number;
    this.#hashes[number] = hash;
    this.#ends[number] = from + end - start;
    if (number * 2 >= this.#slots.length) {
      this.#grow();
    }
    return number;
  }

  #grow(): void {
    const size = this.#slots.length * 2;
    this.#hashes = resized(new Int32Array(size), this.#hashes);
    this.#ends = resized(new Float64Array(size), this.#ends);
    this.#slots = new Int32Array(size);
    for (let number = 1; number <= this.#count; number++) {
      let slot = this.#hashes[number]! & (size - 1);
      while (this.#slots[slot] !== absentValue) {
        slot = (slot + 1) & (size - 1);
      }
      this.#slots[slot] = number;
    }
  }
}

/** FNV-1a, with the high bits mixed into the low ones, of which the slot is made. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) {
    hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  }
  return hash ^ (hash >>> 15);
}

function resized<Column extends { set(other: Column): void }>(larger: Column, smaller: Column): Column {
  larger.set(smaller);
  return larger;
}
