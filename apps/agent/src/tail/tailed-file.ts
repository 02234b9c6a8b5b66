import { closeSync, fstatSync, readSync } from "node:fs";
import type { Counter } from "@sluice/model";
import type { LineFormat } from "../discovery/target.ts";
import { nanosAt, type TimeRange, type TimeSource } from "./assigned-times.ts";
import { stderr, stdout, type CriParser } from "./cri.ts";
import type { EntrySink, StreamLabels } from "./entry-sink.ts";
import type { FilePosition } from "./file-position.ts";
import { hasHead, headLengthMax, readHead } from "./identity.ts";
import { PartialLine } from "./partial-lines.ts";

/** What all files are read with: one buffer, one parser, one sink. */
export interface ReadContext {
  /** Filled and emptied within one turn; at least `lineBytesMax` long. */
  readonly buffer: Buffer;
  /** Where the parts of a line are put together; `lineBytesMax` long. */
  readonly joined: Buffer;
  readonly lineBytesMax: number;
  readonly times: TimeSource;
  readonly cri: CriParser;
  readonly sink: EntrySink;
  readonly malformedLines: Counter;
  readonly truncatedLines: Counter;
  readonly flushedPartialLines: Counter;
}

/** The streams of a file: lines without a stream of their own, stdout and stderr. */
export interface FileStreams {
  readonly plain: StreamLabels;
  readonly stdout: StreamLabels;
  readonly stderr: StreamLabels;
}

const newline = 0x0a;
const nanosPerSecond = 1_000_000_000;

/**
 * One open file, read from its position to its end. It holds no bytes between turns: an unfinished line at the end is
 * read again when more of it is there.
 */
export class TailedFile {
  readonly #fd: number;
  readonly #format: LineFormat;
  readonly #streams: FileStreams;
  readonly #context: ReadContext;
  #position: FilePosition;
  /** Where the line begins that comes next. */
  #offset: number;
  /** How many bytes behind `#offset` are known to hold no newline. */
  #scannedBytes = 0;
  /** Where no partial line is open any more: reading can begin here and gives the same entries again. */
  #safeOffset: number;
  /** Lines that begin before this offset get the times of this turn. */
  #turnEnd = 0;
  #range: TimeRange | undefined;
  readonly #partial = [new PartialLine(), new PartialLine()] as const;
  #lineCount = 0;
  /** Set when the file does not begin any more as it did: it was written anew. */
  #hasOtherHead = false;
  /** The size when the head was compared last. */
  #checkedBytes = 0;

  constructor(fd: number, position: FilePosition, format: LineFormat, streams: FileStreams, context: ReadContext) {
    this.#fd = fd;
    this.#position = position;
    this.#format = format;
    this.#streams = streams;
    this.#context = context;
    this.#offset = position.offset;
    this.#safeOffset = position.offset;
  }

  get position(): FilePosition {
    return this.#position;
  }

  /** How far the file was read, an unfinished line included. */
  get readOffset(): number {
    return this.#offset + this.#scannedBytes;
  }

  /** Where a new start would begin to read when all that was handed on is acknowledged. */
  get safeOffset(): number {
    return this.#safeOffset;
  }

  get lineCount(): number {
    return this.#lineCount;
  }

  /** The file as it is now, by its descriptor. */
  stat(): { readonly sizeBytes: number; readonly linkCount: number } {
    const { size, nlink } = fstatSync(this.#fd);
    return { sizeBytes: size, linkCount: nlink };
  }

  /** Whether the file was cut, or cut and written anew, since it was read. Costs a read when its size has changed. */
  wasTruncated(sizeBytes: number): boolean {
    const isSuspect = this.#hasOtherHead || sizeBytes !== this.#checkedBytes;
    this.#checkedBytes = sizeBytes;
    return isSuspect && (sizeBytes < this.readOffset || !hasHead(this.#fd, this.#position.head));
  }

  /** Begins again at the start of a truncated file. */
  restart(position: FilePosition): void {
    this.#position = position;
    this.#offset = 0;
    this.#safeOffset = 0;
    this.#scannedBytes = 0;
    this.#range = undefined;
    this.#hasOtherHead = false;
    for (const partial of this.#partial) {
      partial.clear();
    }
  }

  /**
   * One turn: reads at most a buffer full and hands the complete lines on.
   *
   * @returns how many bytes were new; 0 at the end of the file.
   */
  read(): number {
    const { buffer } = this.#context;
    if (this.#scannedBytes >= buffer.length) {
      return this.#readLongLine();
    }
    const held = this.#scannedBytes;
    const fresh = readSync(this.#fd, buffer, held, buffer.length - held, this.#offset + held);
    if (fresh === 0) {
      return 0;
    }
    if (held > 0 && readSync(this.#fd, buffer, 0, held, this.#offset) < held) {
      // Cut in the middle of the turn; the next check of the path sees it.
      return 0;
    }
    const length = held + fresh;
    const lastNewline = buffer.subarray(held, length).lastIndexOf(newline);
    const end = lastNewline === -1 ? 0 : held + lastNewline + 1;
    if (!this.#growHead(this.#offset + end)) {
      return 0;
    }
    this.#turnEnd = this.#offset + end;
    this.#takeLines(buffer, end);
    this.#offset += end;
    this.#scannedBytes = length - end;
    return fresh;
  }

  /** Hands on what an ended file still holds: a last line without a newline, parts whose last one never came. */
  finish(): void {
    const { buffer, flushedPartialLines, lineBytesMax } = this.#context;
    const end = this.readOffset;
    const wanted = Math.min(this.#scannedBytes, lineBytesMax);
    const held = wanted === 0 ? 0 : readSync(this.#fd, buffer, 0, wanted, this.#offset);
    if (held > 0 && this.#growHead(end)) {
      this.#turnEnd = end;
      this.#takeLine(buffer, 0, held, this.#offset, end, this.#scannedBytes > lineBytesMax);
      this.#offset = end;
      this.#scannedBytes = 0;
    }
    for (const stream of [stdout, stderr] as const) {
      const partial = this.#partial[stream];
      if (partial.isOpen) {
        flushedPartialLines.add(1);
        const length = partial.readInto(this.#context.joined, this.#fd);
        this.#closePartial(stream, partial, length, this.#offset);
      }
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Goes on through a line longer than the buffer; when it ends, its beginning is all that is handed on. */
  #readLongLine(): number {
    const { buffer, lineBytesMax } = this.#context;
    const fresh = readSync(this.#fd, buffer, 0, buffer.length, this.readOffset);
    const end = buffer.subarray(0, fresh).indexOf(newline);
    if (end === -1) {
      this.#scannedBytes += fresh;
      return fresh;
    }
    const next = this.readOffset + end + 1;
    const held = readSync(this.#fd, buffer, 0, lineBytesMax, this.#offset);
    if (!this.#growHead(next)) {
      return 0;
    }
    this.#turnEnd = next;
    this.#takeLine(buffer, 0, held, this.#offset, next, true);
    this.#offset = next;
    this.#scannedBytes = 0;
    return end + 1;
  }

  #takeLines(buffer: Buffer, end: number): void {
    const { lineBytesMax } = this.#context;
    const lines = buffer.subarray(0, end);
    const base = this.#offset;
    for (let start = 0; start < end;) {
      const lineEnd = lines.indexOf(newline, start);
      const isLong = lineEnd - start > lineBytesMax;
      const takenEnd = isLong ? start + lineBytesMax : lineEnd;
      this.#takeLine(lines, start, takenEnd, base + start, base + lineEnd + 1, isLong);
      start = lineEnd + 1;
    }
  }

  /** @param lineOffset the line's place in the file; the next one is at `nextOffset`. */
  #takeLine(
    bytes: Uint8Array,
    start: number,
    end: number,
    lineOffset: number,
    nextOffset: number,
    isTruncated: boolean,
  ): void {
    const { cri, sink, malformedLines, truncatedLines } = this.#context;
    this.#lineCount += 1;
    if (isTruncated) {
      truncatedLines.add(1);
    }
    if (this.#format === "plain") {
      this.#safeOffset = nextOffset;
      this.#takeLineWithoutTime(bytes, start, end, lineOffset);
      return;
    }
    if (!cri.parse(bytes, start, end)) {
      malformedLines.add(1);
      this.#advanceSafeOffset(nextOffset);
      this.#takeLineWithoutTime(bytes, start, end, lineOffset);
      return;
    }
    const { seconds, nanos, stream, contentStart, isPartial } = cri.header;
    const partial = this.#partial[stream];
    if (isPartial || partial.isOpen) {
      partial.add(lineOffset + contentStart - start, end - contentStart, this.#context.lineBytesMax);
      partial.seconds = seconds;
      partial.nanos = nanos;
      if (!isPartial) {
        this.#closePartial(stream, partial, partial.readInto(this.#context.joined, this.#fd), nextOffset);
      }
      return;
    }
    this.#advanceSafeOffset(nextOffset);
    const labels = stream === stdout ? this.#streams.stdout : this.#streams.stderr;
    sink.add(labels, seconds, nanos, bytes, contentStart, end, this.#position, this.#safeOffset, undefined);
  }

  #takeLineWithoutTime(bytes: Uint8Array, start: number, end: number, lineOffset: number): void {
    const { times, sink } = this.#context;
    let range = this.#range;
    if (range === undefined || lineOffset < range.start || lineOffset >= range.end) {
      range = this.#position.times.at(lineOffset, this.#turnEnd, times);
      this.#range = range;
    }
    const nanos = nanosAt(range, lineOffset);
    const carry = Math.floor(nanos / nanosPerSecond);
    sink.add(
      this.#streams.plain,
      range.seconds + carry,
      nanos - carry * nanosPerSecond,
      bytes,
      start,
      end,
      this.#position,
      this.#safeOffset,
      range,
    );
  }

  #closePartial(stream: typeof stdout | typeof stderr, partial: PartialLine, length: number, nextOffset: number): void {
    const { seconds, nanos } = partial;
    if (partial.isTruncated) {
      this.#context.truncatedLines.add(1);
    }
    partial.clear();
    this.#advanceSafeOffset(nextOffset);
    const labels = stream === stdout ? this.#streams.stdout : this.#streams.stderr;
    const { sink, joined } = this.#context;
    sink.add(labels, seconds, nanos, joined, 0, length, this.#position, this.#safeOffset, undefined);
  }

  #advanceSafeOffset(offset: number): void {
    if (!this.#partial[stdout].isOpen && !this.#partial[stderr].isOpen) {
      this.#safeOffset = offset;
    }
  }

  /**
   * Lengthens the hash that the file is known by, over bytes that were read; they will not change any more.
   *
   * @returns false when the file does not begin as it did: then nothing may be taken from it before it is begun anew.
   */
  #growHead(end: number): boolean {
    const position = this.#position;
    if (position.head.length < headLengthMax && end > position.head.length) {
      this.#hasOtherHead = !hasHead(this.#fd, position.head);
      if (!this.#hasOtherHead) {
        position.head = readHead(this.#fd, Math.min(end, headLengthMax));
      }
    }
    return !this.#hasOtherHead;
  }
}
