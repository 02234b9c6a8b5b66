import type { TimeRange } from "./assigned-times.ts";
import type { FilePosition } from "./file-position.ts";

/** The labels of one stream, printed once for each client: external labels differ between them. */
export interface StreamLabels {
  readonly texts: readonly string[];
}

/** Where entries go. The bytes are only lent: a sink copies what it keeps before it returns. */
export interface EntrySink {
  /**
   * @param start where the line begins in `bytes`; it ends before `end`.
   * @param safeOffset once this entry and all before it are acknowledged, the file is settled up to here.
   * @param range where the entry's time comes from when the line has none of its own.
   */
  add(
    stream: StreamLabels,
    seconds: number,
    nanos: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    position: FilePosition,
    safeOffset: number,
    range: TimeRange | undefined,
  ): void;
}
