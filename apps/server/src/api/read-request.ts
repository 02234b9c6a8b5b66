import type { Clock } from "@sluice/model";
import type { FastifyRequest } from "fastify";
import type { Limits } from "../limits.ts";
import type { RunOptions } from "../querier/query-runner.ts";
import { paramsOf, type Params } from "./params.ts";
import { readTenantsOf } from "./tenant.ts";

/** What every endpoint that reads is given. */
export interface ReadOptions {
  /** Of the tenants of a {@link ReadRequest}. */
  readonly limitsOf: (tenants: string) => Limits;
  /** The configuration's `querier.multi_tenant_queries_enabled`. */
  readonly mayReadSeveral: boolean;
  /** Whether the points of a metric lie on multiples of the step: the configuration's `querier.align_queries_with_step`. */
  readonly alignsSteps: boolean;
  readonly clock: Clock;
}

/** A request to read: for whom, within what limits, and what it asks for. */
export interface ReadRequest {
  /** One, or several as one text; see `querier/tenants.ts`. */
  readonly tenant: string;
  readonly limits: Limits;
  readonly params: Params;
  /** The header `X-Query-Tags`. */
  readonly queryTags: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** @throws {ServiceError} `bad_data` when the header names no tenants, or several and must not. */
export function readRequestOf(request: FastifyRequest, { limitsOf, mayReadSeveral, clock }: ReadOptions): ReadRequest {
  const tenant = readTenantsOf(request, mayReadSeveral);
  const queryTags = String(request.headers["x-query-tags"] ?? "");
  return { tenant, limits: limitsOf(tenant), params: paramsOf(request), queryTags, nowMs: clock.nowMs() };
}

/** @param signal aborts when the client leaves. */
export function howToRun({ tenant, limits, params }: ReadRequest, signal: AbortSignal): RunOptions {
  return { queue: tenant, affinity: params.get("query"), timeoutMs: limits.query_timeout, signal };
}
