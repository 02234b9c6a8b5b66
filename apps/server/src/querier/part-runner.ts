import type { RangeQuery } from "@sluice/logql";

/** What a part is, and what it may read. */
export interface PartParams extends Omit<RangeQuery, "querier" | "kernels"> {
  /** Bytes of lines that the whole query may read; 0 is no limit. */
  readonly bytesMax: number;
  /** What all its parts have read; in memory that they share. */
  readonly spent: BigInt64Array;
}

/** Runs parts of a query on several threads. */
export interface PartRunner {
  /** How many threads there are. */
  readonly atOnce: number;
  /** A part is at least so long. */
  readonly partMsMin: number;
  /** @returns what `runPart` gives there. */
  run(slot: number, params: PartParams): Promise<Uint8Array>;
}
