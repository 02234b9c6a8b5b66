import type { Labels } from "@sluice/model";
import type { Series } from "./series.ts";

/**
 * What a range aggregation does with its samples, apart from how they are found: a scan line by line feeds it as well as
 * one over the columns of a block, which needs no `Line`. A sample is a time, a value and a series; the caller says in
 * which windows it lies.
 *
 * Blocks come in the order of their first entry, the samples of one block ascending in time.
 */
export interface SampleSink {
  /**
   * The number of the series with these labels, for {@link add}. It stays the same, so that a caller may remember it by
   * whatever it takes the labels from.
   *
   * @throws {ServiceError} `bad_data` when the series do not fit into memory.
   */
  slot(labels: Labels): number;

  /**
   * Tells of the block that the next samples are from.
   *
   * @param minNs no sample from here on is earlier, ns as in {@link add}.
   * @param stream the place of its stream among all, by which samples of one time are ordered.
   * @param nextNs no sample of a later block is earlier.
   */
  beginBlock(minNs: number, stream: number, nextNs: number): void;

  /**
   * Takes a sample.
   *
   * @param slot its series.
   * @param timeNs ns after the begin of the first window.
   * @param first the first step whose window holds it.
   * @param last the last such step, not less than `first`.
   * @param value what the aggregation is over: 1 when it counts lines, a line's bytes, or a number from a label.
   */
  add(slot: number, timeNs: number, first: number, last: number, value: number): void;

  /**
   * Does a part of what {@link finish} has to do, so that others may run in between. @returns false when nothing is left.
   * Only sinks for which it may be much have it.
   */
  finishSome?(): boolean;

  /** The value of the aggregation at every step whose window holds a sample. To be called once, at the end. */
  finish(): readonly Series[];
}
