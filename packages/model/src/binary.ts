import { ServiceError } from "./error.ts";

/** Appends fixed-size integers (little endian), varints and bytes to a growing buffer. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(Math.max(capacity, 16));
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  u64(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigUint64(this.#length, BigInt.asUintN(64, value), true);
    this.#length += 8;
  }

  /** An unsigned integer below 2^53. */
  varint(value: number): void {
    this.#reserve(8);
    let large = value;
    // Bits can be shifted in 31 of them only.
    while (large > 0x7fff_ffff) {
      this.#bytes[this.#length++] = (large % 0x80) | 0x80;
      large = Math.floor(large / 0x80);
    }
    let rest = large | 0;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A signed integer of magnitude below 2^52, zigzag. */
  signedVarint(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Length as varint, then UTF-8. */
  text(value: string): void {
    if (value.length <= shortLengthMax && this.#shortAscii(value)) {
      return;
    }
    const encoded = textEncoder.encode(value);
    this.varint(encoded.length);
    this.bytes(encoded);
  }

  /** A view of what was written; valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what was written; the caller's own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Most names and values: each character is its byte. False, and nothing is written, when one is not. */
  #shortAscii(value: string): boolean {
    const { length } = value;
    this.#reserve(1 + length);
    const start = this.#length + 1;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) {
        return false;
      }
      this.#bytes[start + i] = code;
    }
    this.#bytes[this.#length] = length;
    this.#length = start + length;
    return true;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) {
      return;
    }
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.view());
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

const textEncoder = new TextEncoder();
/** A length of one byte, and short enough that a loop is faster than a call. */
const shortLengthMax = 48;
const textDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Reads what {@link ByteWriter} wrote. Every read checks its bounds.
 *
 * @throws {ServiceError} `corrupt` from any read that would pass the end; `what` names the thing being read.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #offset = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(): number {
    this.#need(1);
    return this.#bytes[this.#offset++]!;
  }

  u32(): number {
    this.#need(4);
    const value = this.#view.getUint32(this.#offset, true);
    this.#offset += 4;
    return value;
  }

  u64(): bigint {
    this.#need(8);
    const value = this.#view.getBigUint64(this.#offset, true);
    this.#offset += 8;
    return value;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) {
          break;
        }
        return value;
      }
      scale *= 0x80;
    }
    throw this.corrupt("a number is too large");
  }

  signedVarint(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    this.#need(length);
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }

  text(): string {
    return textDecoder.decode(this.bytes(this.varint()));
  }

  #need(count: number): void {
    if (count > this.remaining) {
      throw this.corrupt(`it ends ${count - this.remaining} bytes too early`);
    }
  }

  /** The error for damage that only the caller can see. */
  corrupt(why: string): ServiceError {
    return new ServiceError("corrupt", `${this.#what} is damaged at byte ${this.#offset}: ${why}`);
  }
}
