import type { Client } from "@sluice/api";
import { isServiceError } from "@sluice/model";
import { findPipeline, type QueryStage } from "../query/log-query.ts";

/** Why a query found nothing. */
export type EmptyReason =
  /** No stream that the selector matches has lines in the range. */
  | { readonly type: "selector" }
  /** There are lines up to this stage and none behind it. */
  | { readonly type: "stage"; readonly stage: QueryStage; readonly text: string };

export interface EmptyRequest {
  readonly query: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** Stages that are tried; longer pipelines are explained by their first ones. */
const stagesMax = 6;

/** Asks for one line of the query's beginning, a stage longer each time, until none is left. */
export async function explainEmpty(
  client: Client,
  { query, startNs, endNs }: EmptyRequest,
  signal: AbortSignal,
): Promise<EmptyReason | undefined> {
  const pipeline = findPipeline(query);
  if (pipeline === undefined) {
    return undefined;
  }
  const isEmpty = async (end: number): Promise<boolean> => {
    const part = query.slice(pipeline.start, end);
    const data = await client.queryRange({ query: part, startNs, endNs, limit: 1 }, signal);
    return data.resultType === "streams" && data.result.length === 0;
  };
  try {
    if (await isEmpty(pipeline.selector.end)) {
      return { type: "selector" };
    }
    for (const stage of pipeline.stages.slice(0, stagesMax)) {
      if (await isEmpty(stage.end)) {
        return { type: "stage", stage, text: query.slice(stage.start, stage.end) };
      }
    }
    return undefined;
  } catch (error) {
    // An explanation is a courtesy: without it the page just says that nothing was found.
    if (isServiceError(error)) {
      return undefined;
    }
    throw error;
  }
}
