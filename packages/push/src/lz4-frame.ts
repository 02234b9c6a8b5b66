import { ServiceError } from "@sluice/model";
import { xxHash32 } from "./xx-hash.ts";

const magic = 0x184d2204;
/** Frames of others' data, which are passed over: sixteen numbers from here on. */
const skippableMagic = 0x184d2a50;
/** Bytes of a block after decompression, by the code in the frame's header. */
const blockBytesMax = [0, 0, 0, 0, 65_536, 262_144, 1_048_576, 4_194_304];
const isPlainBit = 0x8000_0000;

/**
 * Decompresses LZ4 frames, as `lz4` and OpenTelemetry's collector write them. Checksums are checked where there are any.
 *
 * @param sizeBytesMax what the content may grow to.
 * @returns undefined when it grows beyond.
 * @throws {ServiceError} `bad_data` when the bytes are no such frames.
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md
 */
export function decompressLz4(bytes: Uint8Array, sizeBytesMax: number): Uint8Array | undefined {
  const source = new Source(bytes);
  const output = new Output(sizeBytesMax);
  while (source.offset < bytes.length) {
    const kind = source.u32();
    if (kind === magic) {
      readFrame(source, output);
    } else if ((kind & 0xffff_fff0) >>> 0 === skippableMagic) {
      source.bytes(source.u32());
    } else {
      throw damaged("bad magic number");
    }
    if (output.isFull) {
      return undefined;
    }
  }
  return output.since(0);
}

function readFrame(source: Source, output: Output): void {
  const headerStart = source.offset;
  const flags = source.u8();
  const blockSizeCode = (source.u8() >> 4) & 7;
  const hasBlockChecksums = (flags & 0x10) !== 0;
  const hasContentSize = (flags & 0x08) !== 0;
  const hasContentChecksum = (flags & 0x04) !== 0;
  if (flags >> 6 !== 1 || blockBytesMax[blockSizeCode] === 0) {
    throw damaged("a version or block size that there is not");
  }
  if ((flags & 0x01) !== 0) {
    throw damaged("frames with a dictionary are not supported");
  }
  // Whoever claims a size may be wrong: nothing is made of it.
  source.bytes(hasContentSize ? 8 : 0);
  const header = source.since(headerStart);
  if (source.u8() !== ((xxHash32(header) >>> 8) & 0xff)) {
    throw damaged("invalid header checksum");
  }
  const start = output.length;
  for (let size = source.u32(); size !== 0; size = source.u32()) {
    const block = source.bytes((size & ~isPlainBit) >>> 0);
    if (block.length > blockBytesMax[blockSizeCode]!) {
      throw damaged("a block is too large");
    }
    if (hasBlockChecksums && source.u32() !== xxHash32(block)) {
      throw damaged("invalid block checksum");
    }
    if ((size & isPlainBit) !== 0) {
      output.add(block);
    } else {
      readBlock(block, output, start, blockBytesMax[blockSizeCode]!);
    }
    if (output.isFull) {
      return;
    }
  }
  if (hasContentChecksum && source.u32() !== xxHash32(output.since(start))) {
    throw damaged("invalid checksum");
  }
}

/** @param frameStart where the frame's content begins: no match reaches further back. */
function readBlock(block: Uint8Array, output: Output, frameStart: number, bytesMax: number): void {
  const end = block.length;
  const bytes = output.room(bytesMax);
  const outputEnd = output.length + bytesMax;
  let out = output.length;
  let at = 0;
  /** A length goes on in bytes of 255 and one that is less. */
  const restOfLength = (): number => {
    let rest = 0;
    for (;;) {
      if (at >= end) {
        throw damaged("a block ends too early");
      }
      const byte = block[at++]!;
      rest += byte;
      if (byte !== 255) {
        return rest;
      }
    }
  };
  while (at < end) {
    const token = block[at++]!;
    const literals = token >> 4 === 15 ? 15 + restOfLength() : token >> 4;
    if (at + literals > end || out + literals > outputEnd) {
      throw damaged("a block ends too early");
    }
    for (const literalsEnd = at + literals; at < literalsEnd; at++) {
      bytes[out++] = block[at]!;
    }
    if (at === end) {
      break;
    }
    if (at + 2 > end) {
      throw damaged("a block ends too early");
    }
    const distance = block[at]! | (block[at + 1]! << 8);
    at += 2;
    const length = ((token & 15) === 15 ? 15 + restOfLength() : token & 15) + 4;
    if (distance === 0 || distance > out - frameStart || out + length > outputEnd) {
      throw damaged("a match from nowhere");
    }
    // It may reach into what is being written: byte by byte.
    for (const matchEnd = out + length; out < matchEnd; out++) {
      bytes[out] = bytes[out - distance]!;
    }
  }
  output.length = out;
}

class Source {
  offset = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  u8(): number {
    return this.bytes(1)[0]!;
  }

  u32(): number {
    this.bytes(4);
    return this.#view.getUint32(this.offset - 4, true);
  }

  bytes(count: number): Uint8Array {
    if (count > this.#bytes.length - this.offset) {
      throw new ServiceError("bad_data", "unexpected EOF");
    }
    this.offset += count;
    return this.#bytes.subarray(this.offset - count, this.offset);
  }

  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.offset);
  }
}

/** What was decompressed so far. */
class Output {
  length = 0;
  readonly #sizeBytesMax: number;
  #bytes = new Uint8Array(65_536);

  constructor(sizeBytesMax: number) {
    this.#sizeBytesMax = sizeBytesMax;
  }

  /** Whether there is more of it than there may be: by no more than a block. */
  get isFull(): boolean {
    return this.length > this.#sizeBytesMax;
  }

  add(source: Uint8Array): void {
    this.room(source.length).set(source, this.length);
    this.length += source.length;
  }

  /** The buffer, in which so many bytes may be written at `length`. */
  room(count: number): Uint8Array {
    const wanted = this.length + count;
    if (wanted > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, wanted));
      grown.set(this.since(0));
      this.#bytes = grown;
    }
    return this.#bytes;
  }

  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.length);
  }
}

function damaged(why: string): ServiceError {
  return new ServiceError("bad_data", `lz4: ${why}`);
}
