import { crc32 } from "node:zlib";
import { tokenFilterVersion } from "@sluice/kernels";
import type { ByteReader, ByteWriter } from "@sluice/model";

/** Token filters come in whole units of this many bytes. */
const unitBytes = 32;
/** Fewest bytes of a block's entry. */
const entryBytesMin = 1;

/**
 * Where the skip filters of a segment's blocks lie: one behind the other, in the order of the blocks, behind the last of
 * them. 9 bytes a block.
 */
export class FilterTable {
  /** Where the first one begins in the segment. */
  readonly offset: number;
  /** Of block `i`, where its filter begins and ends: units `[starts[i], starts[i + 1])`. */
  readonly #starts: Uint32Array;
  readonly #crcs: Uint32Array;
  /** 1 for a block that has a filter; one without tokens has an empty one. */
  readonly #exists: Uint8Array;

  private constructor(offset: number, count: number) {
    this.offset = offset;
    this.#starts = new Uint32Array(count + 1);
    this.#crcs = new Uint32Array(count);
    this.#exists = new Uint8Array(count);
  }

  /**
   * @param offset where the first one begins in the segment.
   * @param filters one for each block, undefined for one that has none.
   */
  static of(offset: number, filters: readonly (Uint8Array | undefined)[]): FilterTable {
    const table = new FilterTable(offset, filters.length);
    for (const [i, filter] of filters.entries()) {
      table.#starts[i + 1] = table.#starts[i]! + (filter?.length ?? 0) / unitBytes;
      table.#crcs[i] = filter === undefined ? 0 : crc32(filter);
      table.#exists[i] = filter === undefined ? 0 : 1;
    }
    return table;
  }

  /**
   * @returns undefined when the filters are of a version that this reader does not know.
   * @throws {ServiceError} `corrupt`
   */
  static read(reader: ByteReader, blockCount: number): FilterTable | undefined {
    if (reader.u8() !== tokenFilterVersion) {
      return undefined;
    }
    const offset = reader.varint();
    if (blockCount > reader.remaining / entryBytesMin) {
      throw reader.corrupt(`${blockCount} blocks have no filters`);
    }
    const table = new FilterTable(offset, blockCount);
    for (let i = 0; i < blockCount; i++) {
      const size = reader.varint();
      const end = table.#starts[i]! + Math.max(size - 1, 0);
      if (end >= 2 ** 32) {
        throw reader.corrupt(`filters of ${end} units`);
      }
      table.#starts[i + 1] = end;
      if (size > 0) {
        table.#exists[i] = 1;
        table.#crcs[i] = reader.u32();
      }
    }
    return table;
  }

  /** FORMAT.md has the layout. */
  write(out: ByteWriter): void {
    out.u8(tokenFilterVersion);
    out.varint(this.offset);
    for (let i = 0; i < this.#exists.length; i++) {
      if (this.#exists[i] === 0) {
        out.varint(0);
      } else {
        out.varint(this.#starts[i + 1]! - this.#starts[i]! + 1);
        out.u32(this.#crcs[i]!);
      }
    }
  }

  has(block: number): boolean {
    return this.#exists[block] === 1;
  }

  /** Where the block's filter begins in the segment. */
  startOf(block: number): number {
    return this.offset + this.#starts[block]! * unitBytes;
  }

  /** Where the block's filter ends, and that of the next one begins. */
  endOf(block: number): number {
    return this.offset + this.#starts[block + 1]! * unitBytes;
  }

  /** Whether the bytes are the block's filter as it was written. */
  isWhole(block: number, filter: Uint8Array): boolean {
    return filter.length === this.endOf(block) - this.startOf(block) && crc32(filter) === this.#crcs[block];
  }

  /** Bytes of all filters in the segment. */
  get storedBytes(): number {
    return this.#starts.at(-1)! * unitBytes;
  }

  /** Bytes of memory, about. */
  get sizeBytes(): number {
    return objectBytes + this.#starts.byteLength + this.#crcs.byteLength + this.#exists.byteLength;
  }
}

/** Of the typed arrays and their object, in V8. */
const objectBytes = 500;
