import { joinedBytes, joinInto } from "@sluice/chunk";
import type { AcceptedStream } from "../distributor/validate.ts";

/** Bytes of emptied buffers that are kept: a few pushes at once. */
const keptBytesMax = 16 * 1024 * 1024;
const bufferBytesMin = 64 * 1024;

/** A push whose lines are joined, and the memory that they are in. */
export interface JoinedPush {
  readonly streams: readonly AcceptedStream[];
  readonly buffer: Uint8Array;
}

/**
 * Memory for the lines of a push on their way into the log and the heads, used again and again: garbage of this size
 * and rate would keep the collector busy.
 */
export class LineBuffers {
  readonly #kept: Uint8Array[] = [];
  #keptBytes = 0;

  /** Joins each stream's lines, in one buffer for all of them. */
  join(streams: readonly AcceptedStream[]): JoinedPush {
    const sizes = streams.map(({ batch }) => joinedBytes(batch));
    const buffer = this.#take(sizes.reduce((sum, size) => sum + size, 0));
    let offset = 0;
    const joined = streams.map(({ labels, batch }, i) => {
      const target = buffer.subarray(offset, (offset += sizes[i]!));
      return { labels, batch: joinInto(batch, target) };
    });
    return { streams: joined, buffer };
  }

  /** Takes a buffer back that nobody looks at any more. */
  release({ buffer }: JoinedPush): void {
    if (this.#keptBytes + buffer.length <= keptBytesMax) {
      this.#kept.push(buffer);
      this.#keptBytes += buffer.length;
    }
  }

  #take(bytes: number): Uint8Array {
    const place = this.#kept.findIndex(({ length }) => length >= bytes);
    if (place >= 0) {
      const [found] = this.#kept.splice(place, 1);
      this.#keptBytes -= found!.length;
      return found!;
    }
    return new Uint8Array(2 ** Math.ceil(Math.log2(Math.max(bytes, bufferBytesMin))));
  }
}
