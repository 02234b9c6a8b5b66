import { crc32 } from "node:zlib";
import type { OpenFile } from "@sluice/model";
import { findRecordHeader, readRecordHeader, recordHeaderBytes } from "./record.ts";
import { decodeSegmentHeader, type Segment, segmentHeaderBytes, type SegmentHeader } from "./segment.ts";

/** A record whose checksums hold. */
export interface ScannedRecord {
  readonly position: number;
  /** Position of the first record of the same write. */
  readonly groupFirst: number;
  /** A view of a buffer that is used again: good until the next record is asked for. */
  readonly record: Uint8Array;
  /** Where the record ends in the file. */
  readonly endOffset: number;
}

const windowBytes = 1 << 20;

/** The segment's header, or undefined when it is cut short or damaged. */
export async function readSegmentHeader(file: OpenFile, segment: Segment): Promise<SegmentHeader | undefined> {
  const bytes = await new FileWindow(file, segment.sizeBytes).view(0, segmentHeaderBytes);
  return bytes === undefined ? undefined : decodeSegmentHeader(bytes, segment.name);
}

/**
 * The good records of a segment, positions ascending. Whatever is damaged is left out: the caller sees it as a gap in
 * the positions, or as bytes behind the last record. Holds one window of 1 MiB, or one record if that is larger.
 */
export async function* scanRecords(file: OpenFile, segment: Segment): AsyncGenerator<ScannedRecord, void, undefined> {
  const window = new FileWindow(file, segment.sizeBytes);
  let offset = segmentHeaderBytes;
  let positionMin = segment.firstPosition;
  for (;;) {
    const headerBytes = await window.view(offset, recordHeaderBytes);
    if (headerBytes === undefined) {
      return;
    }
    const header = readRecordHeader(headerBytes, 0, segment.salt);
    if (header === undefined) {
      const found = await findHeader(window, segment, offset + 1, positionMin);
      if (found === undefined) {
        return;
      }
      offset = found;
      continue;
    }
    const record = await window.view(offset + recordHeaderBytes, header.length);
    if (record === undefined) {
      return;
    }
    offset += recordHeaderBytes + header.length;
    positionMin = header.position + 1;
    if (crc32(record) === header.checksum) {
      yield { position: header.position, groupFirst: header.groupFirst, record, endOffset: offset };
    }
  }
}

/** Offset of the next good header from `from` on, behind a damaged one. */
async function findHeader(
  window: FileWindow,
  segment: Segment,
  from: number,
  positionMin: number,
): Promise<number | undefined> {
  const positionMax = positionMin + Math.floor((segment.sizeBytes - from) / recordHeaderBytes);
  let start = from;
  for (;;) {
    const bytes = await window.rest(start, recordHeaderBytes);
    if (bytes === undefined) {
      return undefined;
    }
    const found = findRecordHeader(bytes, 0, segment.salt, positionMin, positionMax);
    if (found >= 0) {
      return start + found;
    }
    start += bytes.length - recordHeaderBytes + 1;
  }
}

/** Reads a file in large steps into one buffer, and gives views of it that are good until the next one. */
class FileWindow {
  readonly #file: OpenFile;
  readonly #sizeBytes: number;
  #buffer = new Uint8Array(0);
  /** What of the buffer is filled. */
  #bytes = new Uint8Array(0);
  #start = 0;

  constructor(file: OpenFile, sizeBytes: number) {
    this.#file = file;
    this.#sizeBytes = sizeBytes;
  }

  /** The bytes [offset, offset + length), or undefined when the file ends before. */
  async view(offset: number, length: number): Promise<Uint8Array | undefined> {
    return (await this.rest(offset, length))?.subarray(0, length);
  }

  /** What the window holds from `offset` on, at least `length` bytes; undefined when the file ends before. */
  async rest(offset: number, length: number): Promise<Uint8Array | undefined> {
    if (offset + length > this.#sizeBytes) {
      return undefined;
    }
    if (offset < this.#start || offset + length > this.#start + this.#bytes.length) {
      await this.#load(offset, Math.min(Math.max(length, windowBytes), this.#sizeBytes - offset));
    }
    const rest = this.#bytes.subarray(offset - this.#start);
    return rest.length < length ? undefined : rest;
  }

  async #load(offset: number, length: number): Promise<void> {
    const inside = offset >= this.#start && offset < this.#start + this.#bytes.length;
    const kept = inside ? this.#bytes.subarray(offset - this.#start) : new Uint8Array(0);
    if (this.#buffer.length < length) {
      this.#buffer = new Uint8Array(length);
    }
    const bytes = this.#buffer.subarray(0, length);
    bytes.set(kept);
    let filled = kept.length;
    while (filled < length) {
      const count = await this.#file.read(bytes.subarray(filled), offset + filled);
      if (count === 0) {
        break;
      }
      filled += count;
    }
    this.#bytes = bytes.subarray(0, filled);
    this.#start = offset;
  }
}
