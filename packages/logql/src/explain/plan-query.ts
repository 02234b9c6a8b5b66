import type { Querier, SelectRequest } from "@sluice/model";
import { runInstantQuery, runRangeQuery, type InstantQuery, type RangeQuery } from "../engine.ts";
import { hintsOfRange } from "../log/parser-hints.ts";
import { reorderStages } from "../log/pipeline.ts";
import { neededStages, seriesGrouping } from "../metric/range-plan.ts";
import {
  parseQuery,
  printExpression,
  printMatchers,
  printStage,
  type Expression,
  type Grouping,
  type LogExpression,
  type RangeAggregation,
  type StageNode,
} from "../syntax/index.ts";
import { adviceOn } from "./advice.ts";
import { isParser } from "./is-parser.ts";

/** What a query would do. */
export interface QueryPlan {
  readonly kind: "log" | "metric";
  /** The query in its canonical form. */
  readonly query: string;
  /** One for each selector, from the left. */
  readonly scans: readonly PlannedScan[];
  /** How the query could be made cheaper: one sentence each. */
  readonly advice: readonly string[];
}

/** What is asked of storage for one selector, and what is done with its lines. */
export interface PlannedScan {
  readonly request: SelectRequest;
  readonly selector: string;
  /** In the order in which they run. */
  readonly stages: readonly PlannedStage[];
  /** The labels that parsers look for; undefined for all that there are, empty when there are no parsers. */
  readonly fields: readonly string[] | undefined;
}

export interface PlannedStage {
  readonly kind: StageNode["kind"];
  /** As the canonical form has it. */
  readonly text: string;
}

export type PlannedQuery = Omit<RangeQuery, "querier"> | Omit<InstantQuery, "querier">;

/**
 * Plans a query without running it: what the engine asks of storage is noted, and answered with nothing.
 *
 * @throws {ServiceError} `bad_data` as running it would.
 */
export async function planQuery(query: PlannedQuery): Promise<QueryPlan> {
  const expression = parseQuery(query.query);
  const requests = await requestsOf(query);
  const selections = selectionsOf(expression, undefined);
  // A range that is empty is not asked for.
  const scans = requests.length === selections.length ? selections.map((one, i) => scanOf(one, requests[i]!)) : [];
  return {
    kind: expression.kind === "log" ? "log" : "metric",
    query: printExpression(expression),
    scans,
    advice: adviceOn(expression),
  };
}

/** In the order in which the engine asks: from the left, one after the other. */
async function requestsOf(query: PlannedQuery): Promise<readonly SelectRequest[]> {
  const requests: SelectRequest[] = [];
  const querier: Querier = {
    async select(request) {
      requests.push(request);
      return [];
    },
    series: async () => [],
  };
  const { signal } = new AbortController();
  await ("timeNs" in query
    ? runInstantQuery({ ...query, querier }, signal)
    : runRangeQuery({ ...query, querier }, signal));
  return requests;
}

/** A log expression, and for a metric the aggregation that it is in, with the grouping of a `sum` around that. */
interface Selection {
  readonly log: LogExpression;
  readonly aggregation?: RangeAggregation;
  readonly outer?: Grouping | undefined;
}

function selectionsOf(expression: Expression, outer: Grouping | undefined): readonly Selection[] {
  switch (expression.kind) {
    case "log":
      return [{ log: expression }];
    case "rangeAggregation":
      return [{ log: expression.range.log, aggregation: expression, outer }];
    case "vectorAggregation":
      return selectionsOf(expression.operand, expression.operation === "sum" ? expression.grouping : undefined);
    case "labelReplace":
      return selectionsOf(expression.operand, undefined);
    case "binary":
      return [...selectionsOf(expression.left, undefined), ...selectionsOf(expression.right, undefined)];
    case "literal":
    case "vector":
      return [];
  }
}

function scanOf({ log, aggregation, outer }: Selection, request: SelectRequest): PlannedScan {
  const stages = aggregation === undefined ? log.stages : neededStages(aggregation);
  return {
    request,
    selector: printMatchers(log.matchers),
    stages: reorderStages(stages).map((stage) => ({ kind: stage.kind, text: printStage(stage) })),
    fields: fieldsOf(stages, aggregation, outer),
  };
}

function fieldsOf(
  stages: readonly StageNode[],
  aggregation: RangeAggregation | undefined,
  outer: Grouping | undefined,
): readonly string[] | undefined {
  if (!stages.some(isParser)) {
    return [];
  }
  if (aggregation === undefined) {
    return undefined;
  }
  const { noLabels, required } = hintsOfRange(stages, seriesGrouping(aggregation, outer), aggregation.range.unwrap);
  return noLabels ? [] : required === undefined ? undefined : [...required].sort();
}
