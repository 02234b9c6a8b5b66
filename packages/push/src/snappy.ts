// oxlint-disable-next-line typescript/triple-slash-reference -- a package that imports ours needs these types too
/// <reference path="./snappyjs.d.ts" />
import { ServiceError } from "@sluice/model";
import { compress, uncompress } from "snappyjs";
import { decompressedTooLarge } from "./limits.ts";

/** Snappy's block format, which has no checksum: what the push protocol calls "snappy". */
export interface SnappyCodec {
  /**
   * Decompresses one block; the result belongs to the caller.
   *
   * @throws {ServiceError} `too_large` when the block declares more than `sizeBytesMax` bytes, before anything is
   * allocated; `bad_data` `snappy: corrupt input` when it is damaged.
   */
  decompress(block: Uint8Array, sizeBytesMax: number): Uint8Array;
  /** Compresses to one block that belongs to the caller. */
  compress(bytes: Uint8Array): Uint8Array;
}

/** The codec that runs everywhere, over snappyjs. */
export const snappyJsCodec: SnappyCodec = Object.freeze({
  decompress(block: Uint8Array, sizeBytesMax: number): Uint8Array {
    const { length, bodyOffset } = readDeclaredLength(block);
    if (length > sizeBytesMax) {
      throw decompressedTooLarge(length, sizeBytesMax);
    }
    checkElements(block, bodyOffset, length);
    try {
      return uncompress(plainView(block));
    } catch (error) {
      throw corrupt(error);
    }
  },
  compress: (bytes: Uint8Array): Uint8Array => compress(plainView(bytes)),
});

function corrupt(cause?: unknown): ServiceError {
  return new ServiceError("bad_data", "snappy: corrupt input", { cause });
}

/** The length that the block promises, an unsigned 32-bit varint, and where its elements begin. */
function readDeclaredLength(block: Uint8Array): { readonly length: number; readonly bodyOffset: number } {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = block[i];
    if (byte === undefined) {
      break;
    }
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      if (length > 0xffff_ffff) {
        break;
      }
      return { length, bodyOffset: i + 1 };
    }
  }
  throw corrupt();
}

/**
 * Walks the block's elements without copying. snappyjs trusts them: a literal length near 2^32 moves it backwards,
 * so that it never ends, and output past the declared length is dropped silently.
 */
function checkElements(block: Uint8Array, bodyOffset: number, length: number): void {
  const end = block.length;
  let offset = bodyOffset;
  let produced = 0;
  while (offset < end) {
    const tag = block[offset]!;
    offset += 1;
    const kind = tag & 3;
    if (kind === 0) {
      let literal = tag >>> 2;
      if (literal >= 60) {
        const sizeOfLength = literal - 59;
        if (offset + sizeOfLength > end) {
          throw corrupt();
        }
        literal = littleEndian(block, offset, sizeOfLength);
        offset += sizeOfLength;
      }
      offset += literal + 1;
      produced += literal + 1;
      if (offset > end || produced > length) {
        throw corrupt();
      }
      continue;
    }
    const sizeOfDistance = kind === 3 ? 4 : kind;
    if (offset + sizeOfDistance > end) {
      throw corrupt();
    }
    const distance = littleEndian(block, offset, sizeOfDistance) + (kind === 1 ? (tag >>> 5) * 256 : 0);
    offset += sizeOfDistance;
    if (distance === 0 || distance > produced) {
      throw corrupt();
    }
    produced += kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    if (produced > length) {
      throw corrupt();
    }
  }
  if (produced !== length) {
    throw corrupt();
  }
}

function littleEndian(bytes: Uint8Array, offset: number, size: number): number {
  let value = 0;
  for (let i = size - 1; i >= 0; i--) {
    value = value * 256 + bytes[offset + i]!;
  }
  return value;
}

/** A Buffer would make snappyjs zero its output twice and answer with a Buffer. */
function plainView(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
