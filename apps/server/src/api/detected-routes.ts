import {
  paths,
  type DetectedFieldsResponse,
  type DetectedFieldValuesResponse,
  type DetectedLabelsResponse,
} from "@sluice/api";
import { isId } from "@sluice/logql";
import { parseSelector } from "@sluice/logql/syntax";
import { ServiceError, type Querier } from "@sluice/model";
import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import type { FieldParams } from "../querier/field-tasks.ts";
import type { QueryRunner } from "../querier/query-runner.ts";
import { clientOf } from "./client-signal.ts";
import { parseBounds, parseInteger, parseStepMs } from "./params.ts";
import { allowedBounds } from "./query-limits.ts";
import { howToRun, readRequestOf, type ReadOptions, type ReadRequest } from "./read-request.ts";

export interface DetectedRoutesOptions extends ReadOptions {
  readonly querier: Querier;
  readonly runner: QueryRunner;
}

const linesDefault = 100;
const fieldsDefault = 1000;

/** Labels that are told whatever their values are. */
const staticLabels = new Set(["cluster", "namespace", "instance", "pod"]);

/**
 * Which labels and fields there are to choose from: what Grafana's Logs Drilldown and the editor's completion ask.
 *
 * @see Loki's pkg/querier/querier.go DetectedLabels, pkg/querier/queryrange/detected_fields.go
 */
export const detectedRoutes: FastifyPluginAsync<DetectedRoutesOptions> = async (app, options) => {
  const { querier, runner } = options;
  const method = ["GET", "POST"];

  app.route({
    method,
    url: paths.detectedLabels,
    handler: async (request): Promise<DetectedLabelsResponse> => {
      const { tenant, limits, params, nowMs } = readRequestOf(request, options);
      const bounds = allowedBounds(parseBounds(params, nowMs), limits, nowMs);
      const query = params.get("query");
      const selectors = query === "" ? [] : [parseSelector(query)];
      const series = bounds === undefined ? [] : await querier.series({ tenant, selectors, ...bounds });
      const detectedLabels = labelsOfInterest(series.flat());
      return detectedLabels.length === 0 ? {} : { detectedLabels };
    },
  });

  app.route({
    method,
    url: paths.detectedFields,
    handler: async (request, reply): Promise<DetectedFieldsResponse> => {
      const read = readRequestOf(request, options);
      const asked = fieldParams(read);
      using client = clientOf(reply);
      const found = await runner.run("detectedFields", asked, howToRun(read, client.signal));
      const fields = found.map(({ label, type, cardinality, parsers, jsonPath }) => ({
        label,
        type,
        cardinality,
        parsers: parsers.length === 0 ? null : parsers,
        ...(jsonPath === undefined ? {} : { jsonPath }),
      }));
      return fields.length === 0 ? {} : { fields, limit: asked.limit };
    },
  });

  app.route({
    method,
    url: paths.detectedFieldValues,
    handler: async (
      request: FastifyRequest<{ Params: { name: string } }>,
      reply,
    ): Promise<DetectedFieldValuesResponse> => {
      const { name } = request.params;
      const read = readRequestOf(request, options);
      const asked = { ...fieldParams(read), name };
      using client = clientOf(reply);
      const values = await runner.run("detectedFieldValues", asked, howToRun(read, client.signal));
      return values.length === 0 ? {} : { limit: asked.limit, values };
    },
  });
};

/** Labels with more than ids for values, with the number of their values. */
function labelsOfInterest(
  pairs: readonly { readonly name: string; readonly value: string }[],
): readonly { readonly label: string; readonly cardinality: number }[] {
  const valuesOf = new Map<string, Set<string>>();
  for (const { name, value } of pairs) {
    const values = valuesOf.get(name) ?? new Set();
    valuesOf.set(name, values.add(value));
  }
  return [...valuesOf]
    .filter(([label, values]) => staticLabels.has(label) || !areIds([...values]))
    .map(([label, values]) => ({ label, cardinality: values.size }))
    .sort((a, b) => (a.label < b.label ? -1 : 1));
}

/** Two values that are 0 and 1 say yes and no. */
function areIds(values: readonly string[]): boolean {
  const areBooleans = values.length <= 2 && values.every((value) => value === "0" || value === "1");
  return !areBooleans && values.every(isId);
}

function fieldParams({ tenant, limits, params, queryTags, nowMs }: ReadRequest): FieldParams {
  const asked = parseBounds(params, nowMs);
  const bounds = allowedBounds(asked, limits, nowMs);
  const linesMax = parseInteger(params.get("line_limit"), linesDefault);
  const limit = parseInteger(params.get("limit") || params.get("field_limit"), fieldsDefault);
  if (linesMax <= 0 || limit <= 0) {
    throw new ServiceError("bad_data", "limit must be a positive value");
  }
  // It says nothing about lines, but Loki reads it.
  parseStepMs(params, asked);
  return { tenant, query: params.get("query"), limits, queryTags, bounds, linesMax, limit };
}
