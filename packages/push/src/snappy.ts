import { createKernels, plainKernels, readSnappyHeader, type Kernels, type ReadPush } from "@sluice/kernels";
import { ServiceError } from "@sluice/model";
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
  /**
   * Decompresses a block as {@link decompress} does and reads the push in it at once, where a kernel can. Codecs that
   * are nothing but codecs leave it out.
   */
  readonly readPush?: (block: Uint8Array, sizeBytesMax: number) => ReadPush;
  /** Compresses to one block that belongs to the caller. */
  compress(bytes: Uint8Array): Uint8Array;
}

/**
 * A codec over kernels of the caller's own: WebAssembly where there is SIMD. Make one and keep it: it holds a
 * WebAssembly memory.
 */
export function createSnappyCodec(kernels: Kernels = createKernels()): SnappyCodec {
  return {
    decompress: (block, sizeBytesMax) => checked(block, sizeBytesMax, (...of) => kernels.decodeSnappy(...of)),
    readPush: (block, sizeBytesMax) => checked(block, sizeBytesMax, (...of) => kernels.readPush(...of)),
    compress: (bytes) => kernels.encodeSnappy(bytes),
  };
}

/** What one of the kernels makes of the block. */
function checked<Result>(
  block: Uint8Array,
  sizeBytesMax: number,
  decode: (block: Uint8Array, lengthMax: number) => Result | undefined,
): Result {
  const header = readSnappyHeader(block);
  if (header === undefined) {
    throw corrupt();
  }
  if (header.length > sizeBytesMax) {
    throw decompressedTooLarge(header.length, sizeBytesMax);
  }
  const decoded = decode(block, sizeBytesMax);
  if (decoded === undefined) {
    throw corrupt();
  }
  return decoded;
}

/** The codec without state, in plain TypeScript: runs everywhere, at about a third of the speed. */
export const plainSnappyCodec: SnappyCodec = Object.freeze(createSnappyCodec(plainKernels));

function corrupt(): ServiceError {
  return new ServiceError("bad_data", "snappy: corrupt input");
}
