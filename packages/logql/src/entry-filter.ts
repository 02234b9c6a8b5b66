import { plainKernels } from "@sluice/kernels";
import { ServiceError, type EntryBatch, type LabelPair, type Labels, type Matcher } from "@sluice/model";
import type { SearchKernels } from "./execution.ts";
import { Line } from "./log/line.ts";
import { compilePipeline } from "./log/pipeline.ts";
import { scanBatch } from "./log/scan.ts";
import { parseQuery } from "./syntax/index.ts";

/** A log query as a question that is asked of single entries: would it be in the answer? */
export interface EntryFilter {
  /** What a stream must fit. */
  readonly matchers: readonly Matcher[];
  /** By these, storage may skip blocks without such an entry; see `SelectRequest`. */
  readonly needles: readonly Uint8Array[];
  readonly equalities: readonly LabelPair[];
  /**
   * Which of the entries `[from, to)` of a joined batch of a stream that fits would be, ascending; undefined when all are,
   * for the query has no filters.
   */
  readonly rows: ((labels: Labels, batch: EntryBatch, from: number, to: number) => readonly number[]) | undefined;
}

/**
 * @throws {ServiceError} `bad_data` for a query that is wrong, a metric query, and one that has stages of which none is a
 *   filter: whoever writes that means something else than all lines.
 */
export function compileEntryFilter(query: string, kernels: SearchKernels = plainKernels): EntryFilter {
  const expression = parseQuery(query);
  if (expression.kind !== "log") {
    throw new ServiceError("bad_data", "only log selector is supported");
  }
  const { matchers, stages } = expression;
  if (stages.length > 0 && !stages.some(({ kind }) => kind === "lineFilter" || kind === "labelFilter")) {
    throw new ServiceError("bad_data", "no stage of the query is a filter, so that it would be about all lines");
  }
  const pipeline = compilePipeline(stages, kernels);
  const { needles, equalities } = pipeline;
  if (stages.length === 0) {
    return { matchers, needles, equalities, rows: undefined };
  }
  const line = new Line();
  return {
    matchers,
    needles,
    equalities,
    rows(labels, batch, from, to) {
      const found: number[] = [];
      scanBatch(batch, labels, pipeline, line, { from, to, backward: false }, (_line, index) => {
        found.push(index);
        return true;
      });
      return found;
    },
  };
}
