import { isServiceError, messageOf, ServiceError, type Direction, type ErrorCode } from "@sluice/model";
import { categorizeLabels, headers, labelValuesPath, paths } from "./paths.ts";
import type {
  AlertBody,
  AlertsResponse,
  BuildInfoResponse,
  ExplainData,
  ExplainResponse,
  FormatQueryResponse,
  IndexStatsResponse,
  LabelRecord,
  LabelsResponse,
  MatrixData,
  QueryData,
  QueryResponse,
  RuleGroupBody,
  RulesResponse,
  SeriesResponse,
  VectorData,
  VolumeResponse,
} from "./responses.ts";

export interface ClientOptions {
  /** Where the server is, with or without a path: `http://127.0.0.1:3100`, `https://example.com/logs/`, `./`. */
  readonly baseUrl: string;
  /** Sent as `X-Scope-OrgID` when not empty. */
  readonly tenant?: string;
  /** For tests and for programs with their own transport. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** A range of time; the end is not part of it. Nanoseconds since the epoch. */
export interface TimeBoundsParams {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

export interface RangeQueryParams extends TimeBoundsParams {
  readonly query: string;
  /** Lines at most; log queries only. */
  readonly limit?: number;
  readonly direction?: Direction;
  /** Distance of two points in milliseconds; metric queries only. */
  readonly stepMs?: number;
}

export interface InstantQueryParams {
  readonly query: string;
  readonly timeNs: bigint;
  readonly limit?: number;
}

export interface LabelsParams extends TimeBoundsParams {
  /** Restricts the answer to the streams of this selector. */
  readonly query?: string;
}

export interface VolumeParams extends TimeBoundsParams {
  /** A selector; `{}` is every stream. */
  readonly query: string;
  /** Volumes at most, at each time; the server's default is 100. */
  readonly limit?: number;
  /** Labels that count instead of those of the selector. */
  readonly targetLabels?: readonly string[];
  /** For each set of labels (the default), or for each label. */
  readonly aggregateBy?: "series" | "labels";
  /** Distance of two times; one volume of the whole range when absent. */
  readonly stepMs?: number;
}

export interface TailParams {
  readonly query: string;
  /** Lines of history to send first; the server's default is 100. */
  readonly limit?: number;
  /** Where that history begins. */
  readonly startNs?: bigint;
}

/**
 * Reads from a Loki-compatible server. Every method rejects with a {@link ServiceError} that carries the server's own
 * text; an aborted request rejects with the code `cancelled`.
 */
export interface Client {
  queryRange(params: RangeQueryParams, signal?: AbortSignal): Promise<QueryData>;
  query(params: InstantQueryParams, signal?: AbortSignal): Promise<QueryData>;
  labels(params: LabelsParams, signal?: AbortSignal): Promise<readonly string[]>;
  labelValues(name: string, params: LabelsParams, signal?: AbortSignal): Promise<readonly string[]>;
  /** Label sets of the streams that match any of the selectors. */
  series(selectors: readonly string[], params: TimeBoundsParams, signal?: AbortSignal): Promise<readonly LabelRecord[]>;
  indexStats(query: string, params: TimeBoundsParams, signal?: AbortSignal): Promise<IndexStatsResponse>;
  /** What a query over a range would do and cost; a Loki does not know this. */
  explain(params: RangeQueryParams, signal?: AbortSignal): Promise<ExplainData>;
  /** Bytes of lines by the labels of the selector, or by others. */
  volume(params: VolumeParams, signal?: AbortSignal): Promise<VectorData | MatrixData>;
  /** The query in its canonical form. */
  formatQuery(query: string, signal?: AbortSignal): Promise<string>;
  alerts(signal?: AbortSignal): Promise<readonly AlertBody[]>;
  rules(signal?: AbortSignal): Promise<readonly RuleGroupBody[]>;
  buildInfo(signal?: AbortSignal): Promise<BuildInfoResponse>;
  /** Resolves when the server is ready, else rejects with its reason. */
  ready(signal?: AbortSignal): Promise<void>;
  /** Where to open the tail's WebSocket, relative to the base when that is relative. */
  tailUrl(params: TailParams): string;
}

/** Longer queries are posted as a form: proxies cut request lines at 4 to 8 kB. */
const urlLengthMax = 4000;

/** Bytes of an error's text that are kept; a proxy may answer with a whole page. */
const errorLengthMax = 2000;

export function createClient(options: ClientOptions): Client {
  const base = options.baseUrl.replace(/\/+$/u, "");
  const send = options.fetch ?? ((url, init) => fetch(url, init));
  const baseHeaders: Record<string, string> =
    options.tenant === undefined || options.tenant === "" ? {} : { [headers.tenant]: options.tenant };

  async function request(path: string, params: URLSearchParams, signal?: AbortSignal): Promise<Response> {
    const search = params.toString();
    const post = path.length + search.length > urlLengthMax;
    const url = `${base}${path}${post || search === "" ? "" : `?${search}`}`;
    const init: RequestInit = {
      headers: { ...baseHeaders, [headers.encodingFlags]: categorizeLabels },
      ...(post ? { method: "POST", body: params } : {}),
      ...(signal === undefined ? {} : { signal }),
    };
    try {
      const response = await send(url, init);
      if (response.ok) {
        return response;
      }
      throw new ServiceError(codeOfStatus(response.status), await errorText(response));
    } catch (error) {
      throw explain(error, options.baseUrl, signal);
    }
  }

  async function json<Body>(path: string, params: URLSearchParams, signal?: AbortSignal): Promise<Body> {
    const response = await request(path, params, signal);
    try {
      return (await response.json()) as Body;
    } catch (error) {
      throw signal?.aborted === true
        ? explain(error, options.baseUrl, signal)
        : new ServiceError("unavailable", `the answer of ${path} is not JSON: is this a Loki server?`, {
            cause: error,
          });
    }
  }

  return {
    queryRange: async (params, signal) =>
      (await json<QueryResponse>(paths.queryRange, rangeParams(params), signal)).data,
    query: async ({ query, timeNs, limit }, signal) =>
      (await json<QueryResponse>(paths.query, search({ query, time: timeNs, limit }), signal)).data,
    labels: async (params, signal) =>
      (await json<LabelsResponse>(paths.labels, labelsParams(params), signal)).data ?? [],
    labelValues: async (name, params, signal) =>
      (await json<LabelsResponse>(labelValuesPath(name), labelsParams(params), signal)).data ?? [],
    series: async (selectors, { startNs, endNs }, signal) => {
      const params = search({ start: startNs, end: endNs });
      for (const selector of selectors) {
        params.append("match[]", selector);
      }
      return (await json<SeriesResponse>(paths.series, params, signal)).data;
    },
    indexStats: (query, { startNs, endNs }, signal) =>
      json<IndexStatsResponse>(paths.indexStats, search({ query, start: startNs, end: endNs }), signal),
    explain: async (params, signal) => (await json<ExplainResponse>(paths.explain, rangeParams(params), signal)).data,
    volume: async (params, signal) => {
      const path = params.stepMs === undefined ? paths.indexVolume : paths.indexVolumeRange;
      return (await json<VolumeResponse>(path, volumeParams(params), signal)).data;
    },
    formatQuery: async (query, signal) =>
      (await json<FormatQueryResponse>(paths.formatQuery, search({ query }), signal)).data,
    alerts: async (signal) => (await json<AlertsResponse>(paths.alerts, search({}), signal)).data.alerts,
    rules: async (signal) => (await json<RulesResponse>(paths.rules, search({}), signal)).data.groups,
    buildInfo: (signal) => json<BuildInfoResponse>(paths.buildInfo, search({}), signal),
    ready: async (signal) => {
      await request(paths.ready, search({}), signal);
    },
    tailUrl: ({ query, limit, startNs }) =>
      `${base}${paths.tail}?${search({ query, limit, start: startNs }).toString()}`,
  };
}

/** The code under which a status is known to the rest of Sluice. */
export function codeOfStatus(status: number): ErrorCode {
  switch (status) {
    case 401:
    case 403:
      return "unauthorized";
    case 404:
      return "not_found";
    case 408:
    case 504:
      return "timeout";
    case 409:
      return "already_exists";
    case 413:
      return "too_large";
    case 422:
      return "unprocessable";
    case 429:
      return "rate_limited";
    case 499:
      return "cancelled";
    default:
      return status >= 500 ? "unavailable" : "bad_data";
  }
}

function rangeParams({ query, startNs, endNs, limit, direction, stepMs }: RangeQueryParams): URLSearchParams {
  const step = stepMs === undefined ? undefined : `${stepMs}ms`;
  return search({ query, start: startNs, end: endNs, limit, direction, step });
}

function volumeParams({
  query,
  startNs,
  endNs,
  limit,
  targetLabels,
  aggregateBy,
  stepMs,
}: VolumeParams): URLSearchParams {
  const step = stepMs === undefined ? undefined : `${stepMs}ms`;
  return search({ query, start: startNs, end: endNs, limit, targetLabels: targetLabels?.join(","), aggregateBy, step });
}

function labelsParams({ query, startNs, endNs }: LabelsParams): URLSearchParams {
  return search({ query, start: startNs, end: endNs });
}

function search(values: Readonly<Record<string, string | number | bigint | undefined>>): URLSearchParams {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) {
      params.set(name, String(value));
    }
  }
  return params;
}

/** Loki's errors are plain text, the ruler's are JSON. */
async function errorText(response: Response): Promise<string> {
  const text = (await response.text()).trim();
  const isJson = response.headers.get("Content-Type")?.includes("json") === true;
  const message = isJson ? jsonError(text) : text;
  return message === ""
    ? `the server answered ${response.status} ${response.statusText}`.trim()
    : message.slice(0, errorLengthMax);
}

function jsonError(text: string): string {
  try {
    const body = JSON.parse(text) as { readonly error?: unknown; readonly message?: unknown };
    const message = body.error ?? body.message;
    return typeof message === "string" ? message : text;
  } catch {
    return text;
  }
}

function explain(error: unknown, baseUrl: string, signal: AbortSignal | undefined): unknown {
  if (isServiceError(error)) {
    return error;
  }
  if (signal?.aborted === true) {
    return new ServiceError("cancelled", "the request was cancelled", { cause: error });
  }
  return new ServiceError("unavailable", `cannot reach the server at ${baseUrl}: ${messageOf(error)}`, {
    cause: error,
  });
}
