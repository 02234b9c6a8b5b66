import type { Kernels } from "@sluice/kernels";
import type { IndexQuerier } from "./index-querier.ts";

/** What a task runs with. */
export interface QueryContext {
  readonly querier: IndexQuerier;
  /** Those of the thread that runs it. */
  readonly kernels: Kernels;
  readonly signal: AbortSignal;
}
