import { ServiceError } from "@sluice/model";

const twoTo32 = 2 ** 32;
const twoTo63 = 2 ** 63;

/** How a field is written on the wire (protobuf encoding, "wire types"). */
export const wireType = Object.freeze({ varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 });

/**
 * Walks protobuf messages by offset: nothing is copied, no string is made. `end` is the end of the message being
 * read; a caller narrows it for a nested message and restores it afterwards. Every read checks it.
 *
 * @throws {ServiceError} `bad_data` from every read of bytes that are no message, with the texts of Go's generated
 * readers, which are Loki's.
 */
export class WireReader {
  offset = 0;
  end: number;
  /** Pairs of structured metadata that were read off it; see `checkPairs`. */
  pairCount = 0;
  readonly #bytes: Buffer;
  /** The last varint's lower and upper 32 bits, unsigned. */
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.length;
  }

  /** The next field's tag: field number * 8 + wire type. `message` names the message in errors. */
  tag(message: string): number {
    const tag = this.varint();
    const field = Math.floor(tag / 8);
    if (tag % 8 === wireType.endGroup) {
      throw new ServiceError("bad_data", `proto: ${message}: wiretype end group for non-group`);
    }
    if (field === 0 || tag >= twoTo32) {
      throw new ServiceError("bad_data", `proto: ${message}: illegal tag ${field} (wire type ${tag})`);
    }
    return tag;
  }

  /** An unsigned varint; above 2^53 only its order of magnitude is right. */
  varint(): number {
    const bytes = this.#bytes;
    const { offset } = this;
    if (offset < this.end) {
      const first = bytes[offset]!;
      if (first < 0x80) {
        this.offset = offset + 1;
        return first;
      }
      if (offset + 1 < this.end) {
        const second = bytes[offset + 1]!;
        if (second < 0x80) {
          this.offset = offset + 2;
          return (first & 0x7f) | (second << 7);
        }
      }
    }
    this.#readVarint();
    return this.#high * twoTo32 + this.#low;
  }

  /** An int64; exact when its magnitude is below 2^53. */
  int64(): number {
    this.#readVarint();
    return (this.#high | 0) * twoTo32 + this.#low;
  }

  /** An int32; wider values lose their upper bits, as everywhere in protobuf. */
  int32(): number {
    this.#readVarint();
    return this.#low | 0;
  }

  /** An int64 as it is. */
  bigInt64(): bigint {
    this.#readVarint();
    return (BigInt(this.#high | 0) << 32n) | BigInt(this.#low);
  }

  /** Eight bytes as an unsigned integer. */
  fixed64(): bigint {
    const { offset } = this;
    this.offset = this.#ahead(8);
    return this.#bytes.readBigUInt64LE(offset);
  }

  double(): number {
    const { offset } = this;
    this.offset = this.#ahead(8);
    return this.#bytes.readDoubleLE(offset);
  }

  fixed32(): number {
    const { offset } = this;
    this.offset = this.#ahead(4);
    return this.#bytes.readUInt32LE(offset);
  }

  /** Reads the length of a string or nested message that starts at `offset` afterwards; answers with its end. */
  lengthEnd(): number {
    const length = this.varint();
    if (length >= twoTo63) {
      throw new ServiceError("bad_data", "proto: negative length found during unmarshaling");
    }
    return this.#ahead(length);
  }

  /** Takes the text up to `end`; invalid UTF-8 becomes U+FFFD. */
  text(end: number): string {
    const text = this.#bytes.toString("utf8", this.offset, end);
    this.offset = end;
    return text;
  }

  /** Takes the bytes up to `end`, a view. */
  bytes(end: number): Uint8Array {
    const { buffer, byteOffset } = this.#bytes;
    const bytes = new Uint8Array(buffer, byteOffset + this.offset, end - this.offset);
    this.offset = end;
    return bytes;
  }

  /** Takes the bytes up to `end` in hexadecimal. */
  hex(end: number): string {
    const text = this.#bytes.toString("hex", this.offset, end);
    this.offset = end;
    return text;
  }

  /** The bytes between two offsets, one character each: a key for maps. Moves nothing. */
  latin1(start: number, end: number): string {
    return this.#bytes.toString("latin1", start, end);
  }

  /** Passes over the value of a field that nobody asked for. */
  skip(tag: number): void {
    let depth = 0;
    let kind = tag % 8;
    for (;;) {
      if (kind === wireType.startGroup) {
        depth += 1;
      } else if (kind === wireType.endGroup) {
        depth -= 1;
      } else {
        this.#skipScalar(kind);
      }
      if (depth === 0) {
        return;
      }
      this.#readVarint();
      kind = this.#low & 7;
    }
  }

  #skipScalar(kind: number): void {
    switch (kind) {
      case wireType.varint:
        this.#readVarint();
        return;
      case wireType.fixed64:
        this.offset = this.#ahead(8);
        return;
      case wireType.bytes:
        this.offset = this.lengthEnd();
        return;
      case wireType.fixed32:
        this.offset = this.#ahead(4);
        return;
      default:
        throw new ServiceError("bad_data", `proto: illegal wireType ${kind}`);
    }
  }

  #ahead(count: number): number {
    const next = this.offset + count;
    if (next > this.end) {
      throw unexpectedEnd();
    }
    return next;
  }

  #readVarint(): void {
    const bytes = this.#bytes;
    const { end } = this;
    let offset = this.offset;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (offset >= end) {
        throw unexpectedEnd();
      }
      const byte = bytes[offset]!;
      offset += 1;
      const bits = byte & 0x7f;
      if (shift < 28) {
        low |= bits << shift;
      } else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else {
        high |= bits << (shift - 32);
      }
      if (byte < 0x80) {
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        this.offset = offset;
        return;
      }
    }
    throw new ServiceError("bad_data", "proto: integer overflow");
  }
}

/** @throws {ServiceError} `bad_data` when a field that the schema knows has another type on the wire. */
export function expectWireType(tag: number, kind: number, field: string): void {
  if ((tag & 7) !== kind) {
    throw new ServiceError("bad_data", `proto: wrong wireType = ${tag & 7} for field ${field}`);
  }
}

function unexpectedEnd(): ServiceError {
  return new ServiceError("bad_data", "unexpected EOF");
}
