import { labelsFrom, labelsFromRecord, printLabels, type Labels } from "@sluice/model";
import type { ClientConfig } from "../config.ts";
import type { StreamLabels } from "../tail/entry-sink.ts";
import type { FileStreams } from "../tail/tailed-file.ts";

/**
 * The streams of a file as each client prints them: a client's `external_labels` are added, the file's own labels win
 * over them, as in Promtail.
 */
export function fileStreams(labels: Labels, clients: readonly ClientConfig[]): FileStreams {
  const of = (own: Labels): StreamLabels => ({
    texts: clients.map((client) => printLabels(labelsFrom([...labelsFromRecord(client.external_labels), ...own]))),
  });
  const withStream = (value: string): StreamLabels => of([...labels, { name: "stream", value }]);
  return { plain: of(labels), stdout: withStream("stdout"), stderr: withStream("stderr") };
}
