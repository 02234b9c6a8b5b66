import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { messageOf, ServiceError } from "@sluice/model";

/** Level 1: on logs it is both the fastest and, up to level 4, the smallest. */
const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const chunkSizeMin = 64;

export function compress(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, options);
}

/**
 * @param sizeBytes what the bytes must be after decompression; not one byte more is allocated.
 * @param what names the thing in errors.
 * @throws {ServiceError} `corrupt`
 */
export function decompress(bytes: Uint8Array, sizeBytes: number, what: string): Uint8Array {
  let out: Uint8Array;
  try {
    out = zstdDecompressSync(bytes, {
      maxOutputLength: Math.max(sizeBytes, 1),
      chunkSize: Math.max(sizeBytes, chunkSizeMin),
    });
  } catch (error) {
    throw new ServiceError("corrupt", `${what} is damaged: ${messageOf(error)}`, { cause: error });
  }
  if (out.length !== sizeBytes) {
    throw new ServiceError("corrupt", `${what} is damaged: ${out.length} bytes instead of ${sizeBytes}`);
  }
  return out;
}
