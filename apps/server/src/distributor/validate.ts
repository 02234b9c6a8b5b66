import {
  lineAt,
  messageOf,
  metadataAt,
  nsPerMs,
  printLabels,
  printRfc3339Ns,
  timestampAt,
  withMetadata,
  type EntryBatch,
  type Labels,
} from "@sluice/model";
import { parseStreamLabels, type PushedStream } from "@sluice/push";
import type { Limits } from "../limits.ts";

/** Entries of one stream that may be stored. */
export interface AcceptedStream {
  readonly labels: Labels;
  readonly batch: EntryBatch;
}

export interface Validated {
  readonly accepted: readonly AcceptedStream[];
  /** What was refused and why, in Loki's words; one text per entry or stream. */
  readonly problems: readonly string[];
}

/**
 * Checks a push against the tenant's limits. What is good is accepted even when its neighbour is not.
 *
 * @param nowMs the server's time, milliseconds since the epoch.
 * @see Loki's pkg/validation/validate.go for the order of the checks and their texts
 */
export function validatePush(streams: readonly PushedStream[], limits: Limits, nowMs: number): Validated {
  const accepted: AcceptedStream[] = [];
  const problems: string[] = [];
  for (const stream of streams) {
    if (stream.batch.count === 0) {
      continue;
    }
    let labels: Labels;
    try {
      labels = parseStreamLabels(stream.labels);
    } catch (error) {
      problems.push(`couldn't parse labels: ${messageOf(error)}`);
      continue;
    }
    const problem = checkLabels(labels, limits);
    if (problem !== undefined) {
      problems.push(problem);
      continue;
    }
    const batch = keepValidEntries(labels, stream.batch, limits, nowMs, problems);
    if (batch.count > 0) {
      accepted.push({ labels, batch });
    }
  }
  return { accepted, problems };
}

/** Times are stored as 64-bit nanoseconds; a push may hold any year from 1 to 9999. */
const storableOldestNs = -(2n ** 63n);

/** Loki's way to tell several errors in one answer: equal ones are counted, different ones joined. */
export function groupProblems(problems: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const problem of problems) {
    counts.set(problem, (counts.get(problem) ?? 0) + 1);
  }
  return [...counts].map(([problem, count]) => (count === 1 ? problem : `${count} errors like: ${problem}`)).join("; ");
}

function checkLabels(labels: Labels, limits: Limits): string | undefined {
  if (labels.length === 0) {
    return "error at least one label pair is required per stream";
  }
  if (labels.length > limits.max_label_names_per_series) {
    return `entry for stream '${printLabels(labels)}' has ${labels.length} label names; limit ${limits.max_label_names_per_series}`;
  }
  for (const { name, value } of labels) {
    if (name.length > limits.max_label_name_length) {
      return `stream '${printLabels(labels)}' has label name too long: '${name}'`;
    }
    if (value.length > limits.max_label_value_length) {
      return `stream '${printLabels(labels)}' has label value too long: '${value}'`;
    }
  }
  return undefined;
}

function keepValidEntries(
  labels: Labels,
  batch: EntryBatch,
  limits: Limits,
  nowMs: number,
  problems: string[],
): EntryBatch {
  const nowNs = BigInt(nowMs) * nsPerMs;
  const oldestNs = limits.reject_old_samples
    ? nowNs - BigInt(limits.reject_old_samples_max_age) * nsPerMs
    : storableOldestNs;
  const newestNs = nowNs + BigInt(limits.creation_grace_period) * nsPerMs;
  const kept: number[] = [];
  for (let i = 0; i < batch.count; i++) {
    const problem = checkEntry(labels, batch, i, limits, oldestNs, newestNs);
    if (problem === undefined) {
      kept.push(i);
    } else {
      problems.push(problem);
    }
  }
  return kept.length === batch.count ? batch : subsetOf(batch, kept);
}

function checkEntry(
  labels: Labels,
  batch: EntryBatch,
  index: number,
  limits: Limits,
  oldestNs: bigint,
  newestNs: bigint,
): string | undefined {
  const timestampNs = timestampAt(batch, index);
  if (timestampNs < oldestNs) {
    return `entry for stream '${printLabels(labels)}' has timestamp too old: ${printRfc3339Seconds(timestampNs)}, oldest acceptable timestamp is: ${printRfc3339Seconds(oldestNs)}`;
  }
  if (timestampNs > newestNs) {
    return `entry for stream '${printLabels(labels)}' has timestamp too new: ${printRfc3339Seconds(timestampNs)}`;
  }
  const lineBytes = lineAt(batch, index).length;
  if (limits.max_line_size > 0 && lineBytes > limits.max_line_size) {
    return `max entry size '${limits.max_line_size}' bytes exceeded for stream '${printLabels(labels)}' while adding an entry with length '${lineBytes}' bytes`;
  }
  return checkMetadata(labels, metadataAt(batch, index), limits);
}

function checkMetadata(labels: Labels, metadata: Labels, limits: Limits): string | undefined {
  if (metadata.length === 0) {
    return undefined;
  }
  const size = metadata.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
  if (limits.max_structured_metadata_size > 0 && size > limits.max_structured_metadata_size) {
    return `stream '${printLabels(labels)}' has structured metadata too large: '${size}' bytes, limit: '${limits.max_structured_metadata_size}' bytes. Please see \`limits_config.max_structured_metadata_size\` or contact your Loki administrator to increase it.`;
  }
  const countMax = limits.max_structured_metadata_entries_count;
  if (countMax > 0 && metadata.length > countMax) {
    return `stream '${printLabels(labels)}' has too many structured metadata labels: '${metadata.length}', limit: '${countMax}'. Please see \`limits_config.max_structured_metadata_entries_count\` or contact your Loki administrator to increase it.`;
  }
  return undefined;
}

function printRfc3339Seconds(ns: bigint): string {
  return printRfc3339Ns(ns).replace(/\.\d+Z$/u, "Z");
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
