import { labelValue, noLabels, printLabels, ServiceError, type LabelPair, type Labels } from "@sluice/model";
import { errorDetailsLabel, errorLabel, preserveErrorLabel, type LineLabels } from "../log/line-labels.ts";
import { hintsOfRange, type ParserHints } from "../log/parser-hints.ts";
import type { Grouping, StageNode, Unwrap } from "../syntax/index.ts";
import { dropLabels } from "./series.ts";

/**
 * What the parsers have to find for a range aggregation.
 *
 * @param grouping which labels its series have.
 */
export function hintsFor(
  stages: readonly StageNode[],
  unwrap: Unwrap | undefined,
  grouping: Grouping | undefined,
): ParserHints {
  return hintsOfRange(stages, grouping, unwrap);
}

/** A grouping with its names in the order of labels, each once, as {@link sampleLabels} takes it. */
export function orderedGrouping({ without, labels }: Grouping): Grouping {
  return { without, labels: [...new Set(labels)].sort() };
}

/**
 * The labels of the series that a line's sample belongs to. A line with an error keeps all its labels, so that the
 * error shows.
 *
 * @param grouping an {@link orderedGrouping}.
 */
export function sampleLabels(labels: LineLabels, grouping: Grouping | undefined): Labels {
  if (labels.error !== "" || grouping === undefined || (grouping.without && grouping.labels.length === 0)) {
    return labels.all();
  }
  if (grouping.without) {
    // Details without an error, which was dropped, are no label.
    return dropLabels(labels.all(), [...grouping.labels, errorDetailsLabel]);
  }
  if (grouping.labels.length === 0) {
    return noLabels;
  }
  const kept: LabelPair[] = [];
  for (const name of grouping.labels) {
    const value = labels.get(name);
    // As in Loki, a label that was taken away does not come back into a group.
    if (value !== undefined && !labels.isDeleted(name)) {
      kept.push({ name, value });
    }
  }
  return kept;
}

/** Whether the series of a line depends on more than its stream, when no stage adds labels. */
export function needsMetadata(stream: Labels, grouping: Grouping | undefined): boolean {
  if (grouping === undefined || grouping.without) {
    return true;
  }
  return grouping.labels.some((name) => labelValue(stream, name) === "");
}

/** @throws {ServiceError} `bad_data` with Loki's text when a sample has an error that the query did not ask for. */
export function checkNoError(labels: Labels): void {
  const error = labelValue(labels, errorLabel);
  if (error === "" || labelValue(labels, preserveErrorLabel) === "true") {
    return;
  }
  throw new ServiceError(
    "bad_data",
    `pipeline error: '${error}' for series: '${printLabels(labels)}'.\n` +
      `Use a label filter to intentionally skip this error. (e.g | __error__!="${error}").\n` +
      'To skip all potential errors you can match empty errors.(e.g __error__="")\n' +
      'The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__="" )\n',
  );
}
