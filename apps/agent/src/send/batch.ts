import { lineAt, metadataAt, nsPerSecond, timestampAt } from "@sluice/model";
import { createSnappyCodec, decodePush, PushEncoder } from "@sluice/push";
import type { TimeRange } from "../tail/assigned-times.ts";
import type { FilePosition } from "../tail/file-position.ts";
import type { AssignedRange } from "../tail/positions.ts";

/** A batch that takes no more entries: one push request, and what its acknowledgement settles. */
export interface SealedBatch {
  /** A logproto.PushRequest, snappy block format. */
  readonly body: Uint8Array<ArrayBuffer>;
  readonly entryCount: number;
  /** How far each file is settled when this batch and all before it are acknowledged. */
  readonly settles: readonly SettledFile[];
  /** The assigned times in it: they must be durable before it is sent. */
  readonly ranges: readonly AssignedRange[];
}

export interface SettledFile {
  readonly position: FilePosition;
  readonly offset: number;
}

/** What one assigned range costs while it is kept, roughly; counted, since there is one for every turn of a file. */
const rangeBytes = 128;

/** The batch of one client that is being filled. Reused: {@link seal} empties it. */
export class OpenBatch {
  readonly #encoder = new PushEncoder(createSnappyCodec());
  readonly #offsets = new Map<FilePosition, number>();
  #ranges: AssignedRange[] = [];
  #lastPosition: FilePosition | undefined;
  #lastOffset = 0;
  #lastRange: TimeRange | undefined;

  get entryCount(): number {
    return this.#encoder.entryCount;
  }

  /** The size of the request so far, not compressed. */
  get requestBytes(): number {
    return this.#encoder.sizeBytes;
  }

  /** What the batch holds in memory. */
  get sizeBytes(): number {
    return this.#encoder.sizeBytes + this.#ranges.length * rangeBytes;
  }

  add(
    labels: string,
    seconds: number,
    nanos: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    position: FilePosition,
    safeOffset: number,
    range: TimeRange | undefined,
  ): void {
    this.#encoder.addEntry(labels, seconds, nanos, bytes, start, end);
    // Entries come in runs of one file; the map is touched once a run.
    if (position !== this.#lastPosition) {
      this.#noteLast();
      this.#lastPosition = position;
    }
    this.#lastOffset = safeOffset;
    if (range !== undefined && range !== this.#lastRange) {
      this.#lastRange = range;
      this.#ranges.push({ position, range });
    }
  }

  seal(): SealedBatch {
    this.#noteLast();
    const entryCount = this.#encoder.entryCount;
    const settles = [...this.#offsets].map(([position, offset]) => ({ position, offset }));
    const ranges = this.#ranges;
    this.#offsets.clear();
    this.#ranges = [];
    this.#lastPosition = undefined;
    this.#lastRange = undefined;
    return { body: ownBytes(this.#encoder.finish()), entryCount, settles, ranges };
  }

  #noteLast(): void {
    if (this.#lastPosition !== undefined) {
      this.#offsets.set(this.#lastPosition, this.#lastOffset);
    }
  }
}

/** What a sealed batch holds in memory. */
export function heldBytes(batch: SealedBatch): number {
  return batch.body.length + batch.ranges.length * rangeBytes;
}

/**
 * Splits a push request in two of nearly the same number of entries, in the same order.
 *
 * @returns undefined when it is one entry.
 */
export function splitBody(
  body: Uint8Array,
): readonly { readonly body: Uint8Array<ArrayBuffer>; readonly entryCount: number }[] | undefined {
  const streams = decodePush({ body, contentType: "application/x-protobuf", contentEncoding: undefined });
  const total = streams.reduce((sum, { batch }) => sum + batch.count, 0);
  if (total < 2) {
    return undefined;
  }
  const half = Math.floor(total / 2);
  const encoder = new PushEncoder();
  const halves: { body: Uint8Array<ArrayBuffer>; entryCount: number }[] = [];
  let count = 0;
  for (const { labels, batch } of streams) {
    for (let i = 0; i < batch.count; i++) {
      const ns = timestampAt(batch, i);
      const nanos = ((ns % nsPerSecond) + nsPerSecond) % nsPerSecond;
      const line = lineAt(batch, i);
      const seconds = Number((ns - nanos) / nsPerSecond);
      encoder.addEntry(labels, seconds, Number(nanos), line, 0, line.length, metadataAt(batch, i));
      count += 1;
      if (count === half) {
        halves.push({ body: ownBytes(encoder.finish()), entryCount: half });
      }
    }
  }
  halves.push({ body: ownBytes(encoder.finish()), entryCount: total - half });
  return halves;
}

/** Request bodies cannot lie in shared memory; ours never do. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
