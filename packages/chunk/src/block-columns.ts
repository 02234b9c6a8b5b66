import type { Kernels } from "@sluice/kernels";

/** One column of a block as it lies in the segment: a zstd frame, checked by its CRC-32. */
export interface ColumnEntry {
  readonly storedBytes: number;
  /** After decompression. */
  readonly rawBytes: number;
  /** CRC-32 of the stored bytes. */
  readonly crc: number;
}

/** How a block's columns are laid out; other values are for layouts to come. */
export const joinedEncoding = 0;
/** As {@link joinedEncoding}, but the body has marks where ids were, and they are in a column of their own. */
export const packedIdsEncoding = 1;

export interface BlockColumns {
  /** Lines, each followed by `\n`. */
  readonly body: ColumnEntry;
  /** Nanoseconds after the row before, varints; the first row's is 0. */
  readonly times: ColumnEntry;
  /** Line lengths, varints; only where a line holds a `\n`. */
  readonly lengths: ColumnEntry | undefined;
  readonly metadata: ColumnEntry | undefined;
  /** The ids that were taken out of the body. */
  readonly ids: ColumnEntry | undefined;
}

/** What a segment's footer says about one block. */
export interface BlockEntry {
  /** Index of the stream in the footer. */
  readonly stream: number;
  readonly minNs: bigint;
  readonly maxNs: bigint;
  readonly count: number;
  /** Bytes of the lines alone. */
  readonly rawBytes: number;
  /** Where the block begins in the segment; its columns lie one behind the other. */
  readonly offset: number;
  readonly encoding: number;
  readonly columns: BlockColumns;
}

/** The order in which columns lie in a block. */
export const columnNames = ["body", "times", "lengths", "metadata", "ids"] as const;

/** The columns that are there, in the order in which they lie. */
export function columnsOf(columns: BlockColumns): readonly ColumnEntry[] {
  return columnNames.map((name) => columns[name]).filter((column) => column !== undefined);
}

/** Bytes of the block in the segment, from `offset` on. */
export function blockLength({ columns }: Pick<BlockEntry, "columns">): number {
  return columnsOf(columns).reduce((sum, { storedBytes }) => sum + storedBytes, 0);
}

/** The kernels that decoding takes. */
export type DecodeKernels = Pick<Kernels, "newlineOffsets" | "unpackIds" | "unpackIdsInto" | "textHolds" | "reside">;

/** The kernels that encoding takes. */
export type EncodeKernels = Pick<Kernels, "countNewlines" | "packIds" | "buildTokenFilter">;

/** Both. */
export type BlockKernels = DecodeKernels & EncodeKernels;
