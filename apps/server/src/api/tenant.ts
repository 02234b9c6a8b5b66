import { checkTenant, defaultTenant, ServiceError } from "@sluice/model";
import type { FastifyRequest } from "fastify";
import { joinTenants } from "../querier/tenants.ts";

/** Tenants that one request may read from. */
const tenantsMax = 100;

/**
 * The tenant that a request is for: its `X-Scope-OrgID`, else Loki's `fake`.
 *
 * @throws {ServiceError} `bad_data` when the header is no tenant id, or several.
 */
export function tenantOf(request: FastifyRequest): string {
  const tenants = headerTenants(request);
  if (tenants.length > 1) {
    throw new ServiceError("bad_data", "multiple org IDs present");
  }
  return checkTenant(tenants[0] ?? defaultTenant);
}

/**
 * The tenants that a request reads from, as one text; see {@link joinTenants}.
 *
 * @param mayBeSeveral the server's `querier.multi_tenant_queries_enabled`; without it `a|b` is refused.
 * @throws {ServiceError} `bad_data` in Loki's words.
 */
export function readTenantsOf(request: FastifyRequest, mayBeSeveral: boolean): string {
  if (!mayBeSeveral) {
    return tenantOf(request);
  }
  const tenants = headerTenants(request).map(checkTenant);
  if (tenants.length > tenantsMax) {
    throw new ServiceError("bad_data", `too many org IDs present: ${tenants.length}, limit: ${tenantsMax}`);
  }
  return joinTenants(tenants);
}

/** Each once; at least one. */
function headerTenants(request: FastifyRequest): readonly string[] {
  const header = request.headers["x-scope-orgid"];
  const text = Array.isArray(header) ? header.join("|") : (header ?? "");
  const tenants = new Set(text.split("|").filter((tenant) => tenant !== ""));
  return tenants.size === 0 ? [defaultTenant] : [...tenants];
}
