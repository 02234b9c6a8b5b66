import { paths, type DrilldownLimitsResponse } from "@sluice/api";
import type { FastifyPluginAsync } from "fastify";
import { stringify } from "yaml";
import { printableLimits, type Limits } from "../limits.ts";
import { sendText } from "./error-handler.ts";
import { readTenantsOf } from "./tenant.ts";

export interface LimitsRoutesOptions {
  /** Those of one tenant, or for reading from several. */
  readonly limitsOf: (tenants: string) => Limits;
  readonly mayReadSeveral: boolean;
  readonly version: string;
}

/**
 * The limits that hold for the tenant who asks: as YAML, and as JSON for Grafana's Logs Drilldown, which then knows what to
 * offer.
 *
 * @see Loki's pkg/loki/config_handler.go tenantLimitsHandler
 */
export const limitsRoutes: FastifyPluginAsync<LimitsRoutesOptions> = async (
  app,
  { limitsOf, mayReadSeveral, version },
) => {
  app.get(paths.tenantLimits, (request, reply) =>
    sendText(reply, 200, stringify(printableLimits(limitsOf(readTenantsOf(request, mayReadSeveral)))).trimEnd()),
  );

  app.get(paths.drilldownLimits, (request): DrilldownLimitsResponse => ({
    limits: printableLimits(limitsOf(readTenantsOf(request, mayReadSeveral))),
    // Patterns are always there, though nothing keeps them.
    pattern_ingester_enabled: true,
    version,
  }));
};
