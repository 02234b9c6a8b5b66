import type { Kernels } from "@sluice/kernels";
import type { IndexQuerier } from "./index-querier.ts";
import type { PartRunner } from "./part-runner.ts";

/** What a task runs with. */
export interface QueryContext {
  readonly querier: IndexQuerier;
  /** Those of the thread that runs it. */
  readonly kernels: Kernels;
  readonly signal: AbortSignal;
  /** Where parts of a query can run at the same time; undefined where they cannot. */
  readonly parts?: PartRunner;
}
