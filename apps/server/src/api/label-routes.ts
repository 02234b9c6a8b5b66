import { paths } from "@sluice/api";
import { parseSelector } from "@sluice/logql/syntax";
import { labelsToRecord, labelValue, printLabels, type Clock, type Labels, type Querier } from "@sluice/model";
import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import type { Limits } from "../limits.ts";
import { paramsOf, parseBounds, type Params, type TimeBounds } from "./params.ts";
import { withinLookback } from "./query-limits.ts";
import { tenantOf } from "./tenant.ts";

export interface LabelRoutesOptions {
  readonly querier: Querier;
  readonly limitsOf: (tenant: string) => Limits;
  readonly clock: Clock;
}

/** Label names, label values, series and index statistics: everything that is answered without reading a line. */
export const labelRoutes: FastifyPluginAsync<LabelRoutesOptions> = async (app, { querier, limitsOf, clock }) => {
  function boundsOf(tenant: string, params: Params): TimeBounds | undefined {
    const nowMs = clock.nowMs();
    return withinLookback(parseBounds(params, nowMs), limitsOf(tenant), nowMs);
  }

  async function seriesOf(
    request: FastifyRequest,
    params: Params,
    selectors: readonly string[],
  ): Promise<readonly Labels[]> {
    const tenant = tenantOf(request);
    const parsed = selectors.filter((text) => text !== "" && text !== "{}").map((text) => parseSelector(text));
    const bounds = boundsOf(tenant, params);
    return bounds === undefined ? [] : querier.series({ tenant, selectors: parsed, ...bounds });
  }

  const labelNames = async (request: FastifyRequest): Promise<unknown> => {
    const params = paramsOf(request);
    const series = await seriesOf(request, params, [params.get("query")]);
    const names = new Set(series.flatMap((labels) => labels.map(({ name }) => name)));
    return { status: "success", data: [...names].sort() };
  };

  const labelValues = async (request: FastifyRequest<{ Params: { name: string } }>): Promise<unknown> => {
    const params = paramsOf(request);
    const series = await seriesOf(request, params, [params.get("query")]);
    const values = new Set(series.map((labels) => labelValue(labels, request.params.name)));
    values.delete("");
    return { status: "success", data: [...values].sort() };
  };

  const series = async (request: FastifyRequest): Promise<unknown> => {
    const params = paramsOf(request);
    const found = await seriesOf(request, params, params.all("match[]", "match"));
    return { status: "success", data: found.map(labelsToRecord) };
  };

  const indexStats = async (request: FastifyRequest): Promise<unknown> => {
    const params = paramsOf(request);
    const matchers = parseSelector(params.get("query"));
    const tenant = tenantOf(request);
    const bounds = boundsOf(tenant, params);
    const blocks = bounds === undefined ? [] : await querier.select({ tenant, matchers, ...bounds });
    return {
      streams: new Set(blocks.map(({ labels }) => printLabels(labels))).size,
      chunks: blocks.length,
      bytes: blocks.reduce((sum, block) => sum + block.rawBytes, 0),
      entries: blocks.reduce((sum, block) => sum + block.count, 0),
    };
  };

  const method = ["GET", "POST"];
  for (const url of [paths.labels, paths.label, paths.legacyLabel]) {
    app.route({ method, url, handler: labelNames });
  }
  for (const url of [paths.labelValues, paths.legacyLabelValues]) {
    app.route<{ Params: { name: string } }>({ method, url, handler: labelValues });
  }
  for (const url of [paths.series, paths.legacySeries]) {
    app.route({ method, url, handler: series });
  }
  app.route({ method, url: paths.indexStats, handler: indexStats });
};
