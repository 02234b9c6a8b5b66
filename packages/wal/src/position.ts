/** Sequence number of a record: 1, 2, 3, ... without gaps; never given out twice, also across restarts and trims. */
export type Position = number;

export interface PositionedRecord {
  readonly position: Position;
  /** The record's bytes; the caller's own. A small one may keep up to 1 MiB of its neighbours in memory. */
  readonly record: Uint8Array;
}
