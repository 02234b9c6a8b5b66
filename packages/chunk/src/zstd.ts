import {
  constants,
  createZstdCompress,
  createZstdDecompress,
  zstdCompressSync,
  zstdDecompressSync,
  type ZstdOptions,
} from "node:zlib";
import { messageOf, ServiceError } from "@sluice/model";

/** Level 1: on logs it is both the fastest and, up to level 4, the smallest. */
const options: ZstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const chunkSizeMin = 64;
/** One byte more shows whether there is more than there should be. */
const spareBytes = 1;
/** A buffer that grew beyond this is not kept. */
const keptBytesMax = 4 * 1024 * 1024;

export function compress(bytes: Uint8Array): Uint8Array {
  return compressor?.compress(bytes) ?? zstdCompressSync(bytes, options);
}

/**
 * @param sizeBytes what the bytes must be after decompression; one byte more is allocated, not two.
 * @param what names the thing in errors.
 * @throws {ServiceError} `corrupt`
 */
export function decompress(bytes: Uint8Array, sizeBytes: number, what: string): Uint8Array {
  const output = Buffer.allocUnsafeSlow(sizeBytes + spareBytes);
  return decompressor?.decompress(bytes, output, sizeBytes) ?? decompressOnce(bytes, sizeBytes, what);
}

/** {@link decompress} for whoever is done with the bytes before the next call of it: they are in memory that is used again. */
export function decompressBriefly(bytes: Uint8Array, sizeBytes: number, what: string): Uint8Array {
  if (brief.length < sizeBytes + spareBytes) {
    if (sizeBytes + spareBytes > keptBytesMax) {
      return decompress(bytes, sizeBytes, what);
    }
    brief = Buffer.allocUnsafeSlow(Math.max(2 * brief.length, sizeBytes + spareBytes));
  }
  return decompressor?.decompress(bytes, brief, sizeBytes) ?? decompressOnce(bytes, sizeBytes, what);
}

/**
 * {@link decompress} to where the caller wants the bytes.
 *
 * @param target of {@link roomFor} bytes.
 * @returns a view of the target.
 */
export function decompressInto(bytes: Uint8Array, target: Uint8Array, sizeBytes: number, what: string): Uint8Array {
  const found = decompressor?.decompress(bytes, target, sizeBytes);
  if (found !== undefined) {
    return found;
  }
  target.set(decompressOnce(bytes, sizeBytes, what));
  return target.subarray(0, sizeBytes);
}

/** What {@link decompressInto} needs for so many bytes. */
export function roomFor(sizeBytes: number): number {
  return sizeBytes + spareBytes;
}

function decompressOnce(bytes: Uint8Array, sizeBytes: number, what: string): Uint8Array {
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

/** Node's own binding, which its types do not know: one context for many calls, where the API makes one for each. */
interface ZstdStream {
  readonly _handle: {
    writeSync(
      flush: number,
      input: Uint8Array,
      inputOffset: number,
      inputLength: number,
      output: Uint8Array,
      outputOffset: number,
      outputLength: number,
    ): void;
    reset(): void;
    onerror: () => void;
  };
  /** What the last call left: free bytes of the output, unread bytes of the input. */
  readonly _writeState: Uint32Array;
}

/** Several sizes, so that a context that forgets its level, or remembers what was before, is noticed. */
const samples: readonly Uint8Array[] = [1, 40, 3000].map((count) =>
  Buffer.from(Array.from({ length: count }, (_, i) => `${i * 7919} level=info msg="request ${i % 13}"\n`).join("")),
);

/*
 * One context per thread, since calls are synchronous and leave nothing behind. It saves the 1.5 MB that a context of
 * its own would take for each call: that is three times as fast in decompression and keeps the garbage collector from
 * running for every few blocks. It stands on what Node does not promise, so it is tried first; where it does not work
 * as it should, the API is used.
 */
const compressor = tried(reusedCompressor, ({ compress: run }) =>
  samples.every((sample) => equal(run(sample), zstdCompressSync(sample, options))),
);
const decompressor = tried(reusedDecompressor, ({ decompress: run }) =>
  samples.every((sample) => {
    const compressed = zstdCompressSync(sample, options);
    const output = Buffer.allocUnsafeSlow(sample.length + 2);
    const found = run(compressed, output, sample.length)?.slice();
    return (
      found !== undefined &&
      equal(found, sample) &&
      run(compressed, output, sample.length - 1) === undefined &&
      run(compressed, output, sample.length + 1) === undefined &&
      run(compressed.subarray(0, -1), output, sample.length) === undefined
    );
  }),
);

/** For {@link decompressBriefly}. */
let brief = Buffer.allocUnsafeSlow(512 * 1024);

interface Compressor {
  readonly compress: (bytes: Uint8Array) => Uint8Array | undefined;
}

function reusedCompressor(): Compressor {
  const { _handle: handle, _writeState: state } = createZstdCompress(options) as unknown as ZstdStream;
  let output = new Uint8Array(512 * 1024);
  return {
    compress(bytes) {
      const bound = bytes.length + (bytes.length >>> 7) + 1024;
      let target = output;
      if (target.length < bound) {
        target = new Uint8Array(bound);
        output = bound <= keptBytesMax ? target : output;
      }
      handle.writeSync(constants.ZSTD_e_end, bytes, 0, bytes.length, target, 0, target.length);
      const [free, unread] = state;
      handle.reset();
      return unread === 0 && free! > 0 ? target.slice(0, target.length - free!) : undefined;
    },
  };
}

interface Decompressor {
  /**
   * @param output longer than `sizeBytes`; the result is a view of it.
   * @returns undefined when the bytes are not, to the last one, what was compressed.
   */
  readonly decompress: (bytes: Uint8Array, output: Uint8Array, sizeBytes: number) => Uint8Array | undefined;
}

function reusedDecompressor(): Decompressor {
  const { _handle: handle, _writeState: state } = createZstdDecompress() as unknown as ZstdStream;
  let hasFailed = false;
  handle.onerror = () => (hasFailed = true);
  return {
    decompress(bytes, output, sizeBytes) {
      const room = sizeBytes + spareBytes;
      hasFailed = false;
      handle.writeSync(constants.ZSTD_e_continue, bytes, 0, bytes.length, output, 0, room);
      const [free, unread] = state;
      handle.reset();
      const isWhole = !hasFailed && unread === 0 && free === spareBytes;
      return isWhole ? new Uint8Array(output.buffer, output.byteOffset, sizeBytes) : undefined;
    },
  };
}

function tried<Part>(make: () => Part, works: (part: Part) => boolean): Part | undefined {
  try {
    const part = make();
    return works(part) ? part : undefined;
  } catch {
    return undefined;
  }
}

function equal(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0;
}
