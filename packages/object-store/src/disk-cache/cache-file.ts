import { crc32 } from "node:zlib";
import type { FileSystem } from "@sluice/model";

/**
 * A file that holds a stretch of an object. It is written without any sync: every page has a checksum, so that what a
 * crash has torn is found when it is read.
 *
 * ```
 * ┌────────────┬───────────────┬─────────────────────────┬──────────────┬────────┬─────┐
 * │ "SLCACHE1" │ crc32 of the  │ crc32 of each page      │ page 0       │ page 1 │ ... │
 * │            │ name and the  │ of 64 KiB, little endian│ of the bytes │        │     │
 * │   8 bytes  │ page crcs u32 │ u32*                    │              │        │     │
 * └────────────┴───────────────┴─────────────────────────┴──────────────┴────────┴─────┘
 * ```
 */
export interface CacheFile {
  /** Bytes of the whole file. */
  readonly sizeBytes: number;
  readonly parts: readonly Uint8Array[];
}

const magic = new TextEncoder().encode("SLCACHE1");
const pageBytes = 64 * 1024;
const pagesStart = magic.length + 4;

/**
 * The content of a cache file.
 *
 * @param name the file's name, which says what it holds; goes into the checksum.
 * @param body used again when the file is written: whoever changes it meanwhile makes the file worthless, not wrong.
 */
export function encodeCacheFile(name: string, body: readonly Uint8Array[]): CacheFile {
  const length = body.reduce((sum, part) => sum + part.length, 0);
  const head = new Uint8Array(headBytes(length));
  head.set(magic);
  const view = new DataView(head.buffer);
  for (const [page, checksum] of pageChecksums(body).entries()) {
    view.setUint32(pagesStart + page * 4, checksum, true);
  }
  view.setUint32(magic.length, headChecksum(name, head), true);
  return { sizeBytes: head.length + length, parts: [head, ...body] };
}

/** Bytes of a cache file for `length` bytes of an object. */
export function cacheFileBytes(length: number): number {
  return headBytes(length) + length;
}

/**
 * Reads bytes `[start, end)` of what a cache file holds.
 *
 * @param length of all that it holds.
 * @returns undefined when the file is torn, damaged or not the one of that name.
 * @throws the file system's errors.
 */
export async function readCacheFile(
  fs: FileSystem,
  path: string,
  name: string,
  length: number,
  start: number,
  end: number,
): Promise<Uint8Array | undefined> {
  const file = await fs.open(path, "read");
  try {
    const head = await readFully(file, 0, headBytes(length));
    if (head === undefined || !isHeadOf(name, head)) {
      return undefined;
    }
    const firstPage = Math.floor(start / pageBytes);
    const pagesEnd = Math.min(Math.ceil(end / pageBytes) * pageBytes, length);
    const pages = await readFully(file, head.length + firstPage * pageBytes, pagesEnd - firstPage * pageBytes);
    if (pages === undefined) {
      return undefined;
    }
    const view = new DataView(head.buffer, head.byteOffset);
    const isWhole = pageChecksums([pages]).every(
      (checksum, i) => checksum === view.getUint32(pagesStart + (firstPage + i) * 4, true),
    );
    return isWhole ? pages.subarray(start - firstPage * pageBytes, end - firstPage * pageBytes) : undefined;
  } finally {
    await file.close();
  }
}

function headBytes(length: number): number {
  return pagesStart + Math.ceil(length / pageBytes) * 4;
}

function pageChecksums(body: readonly Uint8Array[]): number[] {
  const checksums: number[] = [];
  let checksum = 0;
  let left = pageBytes;
  for (const part of body) {
    for (let offset = 0; offset < part.length;) {
      const piece = part.subarray(offset, offset + left);
      checksum = crc32(piece, checksum);
      offset += piece.length;
      left -= piece.length;
      if (left === 0) {
        checksums.push(checksum);
        checksum = 0;
        left = pageBytes;
      }
    }
  }
  if (left < pageBytes) {
    checksums.push(checksum);
  }
  return checksums;
}

function headChecksum(name: string, head: Uint8Array): number {
  return crc32(head.subarray(pagesStart), crc32(name));
}

function isHeadOf(name: string, head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset);
  return magic.every((byte, i) => head[i] === byte) && view.getUint32(magic.length, true) === headChecksum(name, head);
}

async function readFully(
  file: { read(target: Uint8Array, position: number): Promise<number> },
  position: number,
  length: number,
): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const count = await file.read(bytes.subarray(filled), position + filled);
    if (count === 0) {
      return undefined;
    }
    filled += count;
  }
  return bytes;
}
