import { checkTenant, defaultTenant, ServiceError } from "@sluice/model";
import type { FastifyRequest } from "fastify";

/**
 * The tenant that a request is for: its `X-Scope-OrgID`, else Loki's `fake`.
 *
 * @throws {ServiceError} `bad_data` when the header is no tenant id.
 */
export function tenantOf(request: FastifyRequest): string {
  const header = request.headers["x-scope-orgid"];
  if (header === undefined || header === "") {
    return defaultTenant;
  }
  const tenant = Array.isArray(header) ? header.join("|") : header;
  if (tenant.includes("|")) {
    throw new ServiceError("bad_data", "multiple org IDs present");
  }
  return checkTenant(tenant);
}
