import { plainKernels } from "@sluice/kernels";
import {
  ServiceError,
  timestampAt,
  type EntryBatch,
  type Labels,
  type Matcher,
  type ResultStream,
} from "@sluice/model";
import { Line } from "./log/line.ts";
import { compilePipeline } from "./log/pipeline.ts";
import { passes } from "./log/scan.ts";
import { parseQuery } from "./syntax/index.ts";

/** A log query that follows entries as they arrive. */
export interface Tail {
  /** What a stream must fit to be followed. */
  readonly matchers: readonly Matcher[];
  /**
   * Runs the query's stages over entries of one stream that fits the matchers; the batch need not be joined.
   *
   * @returns the lines that pass, in order of arrival, or undefined when none does.
   */
  process(labels: Labels, batch: EntryBatch): ResultStream | undefined;
}

/** @throws {ServiceError} `bad_data` for a query that is wrong or a metric query. */
export function compileTail(query: string): Tail {
  const expression = parseQuery(query);
  if (expression.kind !== "log") {
    throw new ServiceError("bad_data", "only log selector is supported");
  }
  const { stages } = compilePipeline(expression.stages, plainKernels);
  const line = new Line();
  return {
    matchers: expression.matchers,
    process(labels, batch) {
      const entries: ResultStream["entries"][number][] = [];
      for (let i = 0; i < batch.count; i++) {
        if (passes(batch, i, labels, stages, line)) {
          const { metadata, parsed } = line.labels.categorised();
          entries.push({ timestampNs: timestampAt(batch, i), line: line.text, metadata, parsed });
        }
      }
      return entries.length === 0 ? undefined : { labels, entries };
    },
  };
}
