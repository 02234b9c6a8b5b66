import { headers, paths } from "@sluice/api";
import { ServiceError } from "@sluice/model";
import type { FastifyInstance } from "fastify";

/** What is the server's, not a tenant's; the page is no path of the API. */
const tenantless: ReadonlySet<string> = new Set([
  paths.ready,
  paths.metrics,
  paths.config,
  paths.runtimeConfig,
  paths.services,
  paths.logLevel,
  paths.flush,
  paths.buildInfo,
  paths.formatQuery,
]);
const ofTenants: ReadonlySet<string> = new Set(Object.values(paths).filter((path) => !tenantless.has(path)));

/** Refuses requests that name no tenant with 401, as Loki does with `auth_enabled`. Who may name which is for a proxy to say. */
export function requireTenant(app: FastifyInstance): void {
  app.addHook("onRequest", async (request) => {
    const header = request.headers[headers.tenant.toLowerCase()];
    if ((header === undefined || header === "") && ofTenants.has(request.routeOptions.url ?? "")) {
      throw new ServiceError("unauthorized", "no org id");
    }
  });
}
