/** Sequence number of a record: 1, 2, 3, ... without gaps; never given out twice, also across restarts and trims. */
export type Position = number;

export interface PositionedRecord {
  readonly position: Position;
  /** The record's bytes: good until the next record is asked for. */
  readonly record: Uint8Array;
}
