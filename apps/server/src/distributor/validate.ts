import { nsPerMs, timestampAt, withMetadata, type EntryBatch, type Labels } from "@sluice/model";
import type { PushedStream } from "@sluice/push";
import type { Limits } from "../limits.ts";
import type { Amount } from "./discard-reasons.ts";
import { separateTimes, truncateLines } from "./edit-lines.ts";
import type { KnownStream } from "./known-streams.ts";
import { checkMetadata, withStoredSets, type CheckedSet } from "./metadata-rules.ts";
import { Problems } from "./problems.ts";

/** Entries of one stream that may be stored. */
export interface AcceptedStream {
  readonly labels: Labels;
  readonly batch: EntryBatch;
}

/** What limits need to know about it, too. */
export interface ValidStream extends AcceptedStream, Amount {
  /** The labels' canonical text. */
  readonly text: string;
}

export interface Validated {
  readonly accepted: readonly ValidStream[];
  /** What was refused and why: one for each entry, or for a whole stream. */
  readonly problems: Problems;
  /** Lines that were cut. */
  readonly truncatedLines: number;
}

/**
 * Checks a push against the tenant's limits, and makes of it what is to be stored. What is good is accepted even when
 * its neighbour is not.
 *
 * @param knownStream reads the labels of a stream as they were sent.
 * @param nowMs the server's time, milliseconds since the epoch.
 * @see Loki's pkg/validation/validate.go for the order of the checks and their texts
 */
export function validatePush(
  streams: readonly PushedStream[],
  limits: Limits,
  knownStream: (sent: string) => KnownStream,
  nowMs: number,
): Validated {
  const accepted: ValidStream[] = [];
  const problems = new Problems();
  const times = acceptedTimes(limits, nowMs);
  const suffix = new TextEncoder().encode(limits.max_line_size_truncate_identifier);
  let truncatedLines = 0;
  for (const stream of streams) {
    if (stream.batch.count === 0) {
      continue;
    }
    const { labels, text, problem } = knownStream(stream.labels);
    if (problem !== undefined) {
      problems.add(problem.reason, amountOf(stream.batch, checkMetadata(stream.batch, limits)), () => problem.text);
      continue;
    }
    let { batch } = stream;
    if (limits.max_line_size_truncate && limits.max_line_size > 0) {
      const truncated = truncateLines(batch, limits.max_line_size, suffix);
      truncatedLines += truncated.cut;
      batch = truncated.batch;
    }
    const checkedSets = checkMetadata(batch, limits);
    const kept = keepValidEntries(text, batch, checkedSets, limits, times, problems);
    if (kept.count > 0) {
      const stored = withStoredSets(kept, checkedSets, kept === batch);
      const separated = limits.increment_duplicate_timestamp ? separateTimes(stored) : stored;
      accepted.push({ labels, text, batch: separated, ...amountOf(kept, checkedSets) });
    }
  }
  return { accepted, problems, truncatedLines };
}

interface AcceptedTimes {
  readonly oldestNs: bigint;
  readonly newestNs: bigint;
}

/** Times are stored as 64-bit nanoseconds; a push may hold any year from 1 to 9999. */
const storable: AcceptedTimes = { oldestNs: -(2n ** 63n), newestNs: 2n ** 63n - 1n };

function acceptedTimes(limits: Limits, nowMs: number): AcceptedTimes {
  const nowNs = BigInt(nowMs) * nsPerMs;
  const newestNs = nowNs + BigInt(limits.creation_grace_period) * nsPerMs;
  return {
    oldestNs: limits.reject_old_samples
      ? nowNs - BigInt(limits.reject_old_samples_max_age) * nsPerMs
      : storable.oldestNs,
    newestNs: newestNs < storable.newestNs ? newestNs : storable.newestNs,
  };
}

function keepValidEntries(
  stream: string,
  batch: EntryBatch,
  checkedSets: readonly CheckedSet[],
  limits: Limits,
  { oldestNs, newestNs }: AcceptedTimes,
  problems: Problems,
): EntryBatch {
  const { count, baseNs, deltaNs, lineStarts, lineEnds, metadata } = batch;
  // As doubles, since this is the hot loop of every push: they are exact wherever a delta can be, and only there it matters.
  const oldestDeltaNs = Number(oldestNs - baseNs);
  const newestDeltaNs = Number(newestNs - baseNs);
  const lineBytesMax = limits.max_line_size > 0 ? limits.max_line_size : Number.POSITIVE_INFINITY;
  const kept: number[] = [];
  for (let i = 0; i < count; i++) {
    const checkedSet = checkedSets[metadata === undefined ? 0 : metadata.index[i]!]!;
    const lineBytes = lineEnds[i]! - lineStarts[i]!;
    if (deltaNs[i]! < oldestDeltaNs) {
      problems.add(
        "greater_than_max_sample_age",
        oneLine(lineBytes, checkedSet),
        () =>
          `entry for stream '${stream}' has timestamp too old: ${printSeconds(timestampAt(batch, i))}, oldest acceptable timestamp is: ${printSeconds(oldestNs)}`,
      );
    } else if (deltaNs[i]! > newestDeltaNs) {
      problems.add(
        "too_far_in_future",
        oneLine(lineBytes, checkedSet),
        () => `entry for stream '${stream}' has timestamp too new: ${printSeconds(timestampAt(batch, i))}`,
      );
    } else if (lineBytes > lineBytesMax) {
      problems.add(
        "line_too_long",
        oneLine(lineBytes, checkedSet),
        () =>
          `max entry size '${lineBytesMax}' bytes exceeded for stream '${stream}' while adding an entry with length '${lineBytes}' bytes`,
      );
    } else if (checkedSet.problem !== undefined) {
      const { reason, textFor } = checkedSet.problem;
      problems.add(reason, oneLine(lineBytes, checkedSet), () => textFor(stream));
    } else {
      kept.push(i);
    }
  }
  return kept.length === count ? batch : subsetOf(batch, kept);
}

function oneLine(lineBytes: number, { bytes }: CheckedSet): Amount {
  return { lines: 1, bytes: lineBytes + bytes };
}

/** RFC 3339 in whole seconds, as Go prints them. */
function printSeconds(ns: bigint): string {
  const wholeSecondsMs = Math.floor(Number(ns / nsPerMs) / 1000) * 1000;
  return new Date(wholeSecondsMs).toISOString().replace(".000Z", "Z");
}

function subsetOf(batch: EntryBatch, kept: readonly number[]): EntryBatch {
  const { metadata } = batch;
  return withMetadata(
    {
      count: kept.length,
      baseNs: batch.baseNs,
      bytes: batch.bytes,
      deltaNs: Float64Array.from(kept, (i) => batch.deltaNs[i]!),
      lineStarts: Uint32Array.from(kept, (i) => batch.lineStarts[i]!),
      lineEnds: Uint32Array.from(kept, (i) => batch.lineEnds[i]!),
    },
    metadata === undefined
      ? undefined
      : { sets: metadata.sets, index: Uint32Array.from(kept, (i) => metadata.index[i]!) },
  );
}

function amountOf({ count, lineStarts, lineEnds, metadata }: EntryBatch, checkedSets: readonly CheckedSet[]): Amount {
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    bytes += lineEnds[i]! - lineStarts[i]!;
    if (metadata !== undefined) {
      bytes += checkedSets[metadata.index[i]!]!.bytes;
    }
  }
  return { lines: count, bytes };
}
