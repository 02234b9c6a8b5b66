import {
  messageOf,
  nsPerMs,
  printLabels,
  timestampAt,
  withMetadata,
  type EntryBatch,
  type Labels,
} from "@sluice/model";
import { parseStreamLabels, type PushedStream } from "@sluice/push";
import type { Limits } from "../limits.ts";
import { Problems } from "./problems.ts";

/** Entries of one stream that may be stored. */
export interface AcceptedStream {
  readonly labels: Labels;
  readonly batch: EntryBatch;
}

export interface Validated {
  readonly accepted: readonly AcceptedStream[];
  /** What was refused and why: one for each entry, or for a whole stream. */
  readonly problems: Problems;
}

/**
 * Checks a push against the tenant's limits. What is good is accepted even when its neighbour is not.
 *
 * @param nowMs the server's time, milliseconds since the epoch.
 * @see Loki's pkg/validation/validate.go for the order of the checks and their texts
 */
export function validatePush(streams: readonly PushedStream[], limits: Limits, nowMs: number): Validated {
  const accepted: AcceptedStream[] = [];
  const problems = new Problems();
  const times = acceptedTimes(limits, nowMs);
  for (const stream of streams) {
    if (stream.batch.count === 0) {
      continue;
    }
    let labels: Labels;
    try {
      labels = parseStreamLabels(stream.labels);
    } catch (error) {
      problems.add(() => `couldn't parse labels: ${messageOf(error)}`);
      continue;
    }
    const problem = checkLabels(labels, limits);
    if (problem !== undefined) {
      problems.add(() => problem);
      continue;
    }
    const batch = keepValidEntries(labels, stream.batch, limits, times, problems);
    if (batch.count > 0) {
      accepted.push({ labels, batch });
    }
  }
  return { accepted, problems };
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

function checkLabels(labels: Labels, limits: Limits): string | undefined {
  if (labels.length === 0) {
    return "error at least one label pair is required per stream";
  }
  if (labels.length > limits.max_label_names_per_series) {
    return `entry for stream '${printLabels(labels)}' has ${labels.length} label names; limit ${limits.max_label_names_per_series}`;
  }
  for (const { name, value } of labels) {
    if (Buffer.byteLength(name) > limits.max_label_name_length) {
      return `stream '${printLabels(labels)}' has label name too long: '${name}'`;
    }
    if (Buffer.byteLength(value) > limits.max_label_value_length) {
      return `stream '${printLabels(labels)}' has label value too long: '${value}'`;
    }
  }
  return undefined;
}

function keepValidEntries(
  labels: Labels,
  batch: EntryBatch,
  limits: Limits,
  { oldestNs, newestNs }: AcceptedTimes,
  problems: Problems,
): EntryBatch {
  const { count, baseNs, deltaNs, lineStarts, lineEnds, metadata } = batch;
  // As doubles, since this is the hot loop of every push: they are exact wherever a delta can be, and only there it matters.
  const oldestDeltaNs = Number(oldestNs - baseNs);
  const newestDeltaNs = Number(newestNs - baseNs);
  const lineBytesMax = limits.max_line_size > 0 ? limits.max_line_size : Number.POSITIVE_INFINITY;
  const metadataProblems = metadata?.sets.map((set) => checkMetadata(set, limits));
  const kept: number[] = [];
  for (let i = 0; i < count; i++) {
    const metadataProblem = metadataProblems?.[metadata!.index[i]!];
    const lineBytes = lineEnds[i]! - lineStarts[i]!;
    if (deltaNs[i]! < oldestDeltaNs) {
      problems.add(
        () =>
          `entry for stream '${printLabels(labels)}' has timestamp too old: ${printSeconds(timestampAt(batch, i))}, oldest acceptable timestamp is: ${printSeconds(oldestNs)}`,
      );
    } else if (deltaNs[i]! > newestDeltaNs) {
      problems.add(
        () => `entry for stream '${printLabels(labels)}' has timestamp too new: ${printSeconds(timestampAt(batch, i))}`,
      );
    } else if (lineBytes > lineBytesMax) {
      problems.add(
        () =>
          `max entry size '${lineBytesMax}' bytes exceeded for stream '${printLabels(labels)}' while adding an entry with length '${lineBytes}' bytes`,
      );
    } else if (metadataProblem !== undefined) {
      problems.add(() => `stream '${printLabels(labels)}' ${metadataProblem}`);
    } else {
      kept.push(i);
    }
  }
  return kept.length === count ? batch : subsetOf(batch, kept);
}

function checkMetadata(metadata: Labels, limits: Limits): string | undefined {
  const size = metadata.reduce((sum, { name, value }) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
  if (limits.max_structured_metadata_size > 0 && size > limits.max_structured_metadata_size) {
    return `has structured metadata too large: '${size}' bytes, limit: '${limits.max_structured_metadata_size}' bytes. Please see \`limits_config.max_structured_metadata_size\` or contact your Loki administrator to increase it.`;
  }
  const countMax = limits.max_structured_metadata_entries_count;
  if (countMax > 0 && metadata.length > countMax) {
    return `has too many structured metadata labels: '${metadata.length}', limit: '${countMax}'. Please see \`limits_config.max_structured_metadata_entries_count\` or contact your Loki administrator to increase it.`;
  }
  return undefined;
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
