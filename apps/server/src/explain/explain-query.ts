import type { ExplainData, ExplainEstimate, ExplainFilter, ExplainScan } from "@sluice/api";
import { planQuery, type PlannedQuery, type PlannedScan } from "@sluice/logql";
import { labelsToRecord, quoteGo, type SelectRequest } from "@sluice/model";
import type { IndexQuerier, ReadPlan } from "../querier/index-querier.ts";
import { cpuSecondsOf, type CpuSeconds } from "./cost-model.ts";

export interface ExplainOptions {
  readonly query: PlannedQuery;
  /** The tenant's `max_query_bytes_read`. */
  readonly bytesMax: number;
}

const streamLabelsMax = 20;

/**
 * What a query would do and cost, without running it: its selectors are planned as far as storage goes, which reads
 * indexes and skip filters, and no block.
 *
 * @throws {ServiceError} `bad_data` as running it would, but for what lines decide.
 */
export async function explainQuery(
  { query, bytesMax }: ExplainOptions,
  querier: IndexQuerier,
  signal: AbortSignal,
): Promise<ExplainData> {
  const plan = await planQuery(query);
  const explained: { readonly scan: ExplainScan; readonly cpu: CpuSeconds }[] = [];
  for (const planned of plan.scans) {
    const found = await querier.explain(planned.request, signal);
    const size = {
      storedRawBytes: found.rawBytes,
      memoryRawBytes: found.inMemory.rawBytes,
      lines: found.lines + found.inMemory.lines,
    };
    const linesWanted = plan.kind === "log" ? query.limit : undefined;
    explained.push({ scan: scanOf(planned, found), cpu: cpuSecondsOf(planned, size, linesWanted) });
  }
  const scans = explained.map(({ scan }) => scan);
  const estimate = estimateOf(
    scans,
    explained.map(({ cpu }) => cpu),
  );
  // What may end early, and what is counted unread, is refused only when it gets that far.
  const sureBytes =
    plan.kind === "log"
      ? 0
      : sum(
          scans.filter(({ countsUnread }) => !countsUnread),
          ({ bytes }) => bytes,
        );
  return {
    query: plan.query,
    type: plan.kind,
    scans,
    estimate,
    budget: { bytesMax, bytes: estimate.bytes, isExceeded: bytesMax > 0 && sureBytes > bytesMax },
    advice: plan.advice,
  };
}

function scanOf({ request, selector, stages, fields }: PlannedScan, found: ReadPlan): ExplainScan {
  return {
    selector,
    start: request.startNs.toString(),
    end: request.endNs.toString(),
    streams: found.streams.length,
    streamLabels: found.streams.slice(0, streamLabelsMax).map(labelsToRecord),
    segments: found.segments,
    blocks: {
      outsideRange: found.blocksOutside,
      inRange: found.blocksInRange,
      hidden: found.blocksHidden,
      ruledOut: found.blocksFiltered,
      toRead: found.blocks,
      inMemory: found.inMemory.blocks,
    },
    filters: filtersOf(request, found),
    lines: found.lines + found.inMemory.lines,
    bytes: found.rawBytes + found.inMemory.rawBytes,
    storedBytes: found.storedBytes,
    requests: found.requests,
    countsUnread: request.isCounting === true,
    stages: stages.map(({ text }) => text),
    fields: fields ?? null,
  };
}

function filtersOf(
  { needles = [], equalities = [] }: SelectRequest,
  { filteredByNeedle, filteredByEquality }: ReadPlan,
): readonly ExplainFilter[] {
  const decoder = new TextDecoder();
  return [
    ...filteredByNeedle.map((blocksRuledOut, i) => ({
      kind: "text" as const,
      text: decoder.decode(needles[i]),
      blocksRuledOut,
    })),
    ...filteredByEquality.map((blocksRuledOut, i) => ({
      kind: "label" as const,
      text: `${equalities[i]!.name}=${quoteGo(equalities[i]!.value)}`,
      blocksRuledOut,
    })),
  ];
}

function estimateOf(scans: readonly ExplainScan[], cpu: readonly CpuSeconds[]): ExplainEstimate {
  return {
    lines: sum(scans, ({ lines }) => lines),
    bytes: sum(scans, ({ bytes }) => bytes),
    storedBytes: sum(scans, ({ storedBytes }) => storedBytes),
    requests: sum(scans, ({ requests }) => requests),
    cpuSeconds: {
      atLeast: rounded(sum(cpu, ({ atLeast }) => atLeast)),
      atMost: rounded(sum(cpu, ({ atMost }) => atMost)),
    },
  };
}

function sum<Item>(items: readonly Item[], valueOf: (item: Item) => number): number {
  return items.reduce((all, item) => all + valueOf(item), 0);
}

/** To three digits: more are not known. */
function rounded(seconds: number): number {
  return Number(seconds.toPrecision(3));
}
