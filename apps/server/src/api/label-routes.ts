import { paths } from "@sluice/api";
import { parseSelector } from "@sluice/logql/syntax";
import { labelsToRecord, labelValue, ServiceError, type Labels, type Matcher, type Querier } from "@sluice/model";
import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { tenantLabel } from "../querier/federated-querier.ts";
import { splitTenants } from "../querier/tenants.ts";
import { parseBounds } from "./params.ts";
import { allowedBounds } from "./query-limits.ts";
import { readRequestOf, type ReadOptions, type ReadRequest } from "./read-request.ts";

export interface LabelRoutesOptions extends ReadOptions {
  readonly querier: Querier;
}

/** Selectors that one request for series may have. */
const selectorsMax = 1000;

/**
 * Label names, label values and series: answered from labels, without reading a line.
 *
 * @see Loki's pkg/loghttp/labels.go, series.go
 */
export const labelRoutes: FastifyPluginAsync<LabelRoutesOptions> = async (app, options) => {
  const { querier } = options;

  async function seriesOf(read: ReadRequest, selectors: readonly (readonly Matcher[])[]): Promise<readonly Labels[]> {
    const { tenant, limits, params, nowMs } = read;
    const bounds = allowedBounds(parseBounds(params, nowMs), limits, nowMs);
    return bounds === undefined ? [] : querier.series({ tenant, selectors, ...bounds });
  }

  const labelNames = async (request: FastifyRequest): Promise<unknown> => {
    const read = readRequestOf(request, options);
    const series = await seriesOf(read, queryOf(read));
    const names = new Set(series.flatMap((labels) => labels.map(({ name }) => name)));
    if (isOfSeveral(read)) {
      names.add(tenantLabel);
    }
    return { status: "success", data: [...names].sort() };
  };

  const labelValues = async (request: FastifyRequest<{ Params: { name: string } }>): Promise<unknown> => {
    const { name } = request.params;
    const read = readRequestOf(request, options);
    const selectors = queryOf(read);
    if (name === tenantLabel && isOfSeveral(read)) {
      return { status: "success", data: splitTenants(read.tenant) };
    }
    const series = await seriesOf(read, selectors);
    const values = new Set(series.map((labels) => labelValue(labels, name)));
    values.delete("");
    return { status: "success", data: [...values].sort() };
  };

  const series = async (request: FastifyRequest): Promise<unknown> => {
    const read = readRequestOf(request, options);
    const found = await seriesOf(read, matchesOf(read));
    return { status: "success", data: found.map(labelsToRecord) };
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
};

function isOfSeveral({ tenant }: ReadRequest): boolean {
  return splitTenants(tenant).length > 1;
}

/** The selector in `query`, if any. */
function queryOf({ params }: ReadRequest): readonly (readonly Matcher[])[] {
  const query = params.get("query");
  return query === "" ? [] : [parseSelector(query)];
}

/** The selectors in `match[]` and `match`; a single `{}` is the same as none. */
function matchesOf({ params }: ReadRequest): readonly (readonly Matcher[])[] {
  const texts = [...new Set(params.all("match[]", "match"))];
  if (texts.length > selectorsMax) {
    throw new ServiceError("bad_data", `too many match parameters: ${texts.length}, limit: ${selectorsMax}`);
  }
  if (texts.length === 1 && texts[0]!.replaceAll(" ", "") === "{}") {
    return [];
  }
  return texts.map((text) => {
    const matchers = parseSelector(text, { allowEmpty: true });
    if (matchers.length === 0) {
      throw new ServiceError("bad_data", `0 matchers in group: ${text}`);
    }
    return matchers;
  });
}
