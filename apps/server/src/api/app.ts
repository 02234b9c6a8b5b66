import websocket from "@fastify/websocket";
import { paths } from "@sluice/api";
import type { Kernels } from "@sluice/kernels";
import { ServiceError, type Clock, type Querier } from "@sluice/model";
import { createSnappyCodec, defaultPushLimits } from "@sluice/push";
import type { MetricsRegistry, ProcessLogger } from "@sluice/service";
import type { StoreDeletes } from "@sluice/store";
import fastify, { type FastifyInstance } from "fastify";
import type { ServerOptions } from "../config.ts";
import type { Distributor } from "../distributor/distributor.ts";
import { OtlpMappings } from "../distributor/otlp-mappings.ts";
import { PushBudget } from "../distributor/push-budget.ts";
import { deleteRoutes } from "../deletes/delete-routes.ts";
import type { Ingester } from "../ingester/ingester.ts";
import type { Tailers } from "../ingester/tailers.ts";
import type { Limits } from "../limits.ts";
import { narrowestLimits } from "../narrowest-limits.ts";
import { printableConfig, printableDefaults, printableOverrides } from "../printable-config.ts";
import type { QueryRunner } from "../querier/query-runner.ts";
import { withSeriesBy } from "../querier/series-by-runner.ts";
import { splitTenants } from "../querier/tenants.ts";
import type { TenantLimits } from "../runtime-config/tenant-limits.ts";
import { ruleRoutes } from "../ruler/rule-routes.ts";
import type { Ruler } from "../ruler/ruler.ts";
import { detectedRoutes } from "./detected-routes.ts";
import { answerError, setErrorHandler } from "./error-handler.ts";
import { flushRoute } from "./flush-route.ts";
import { formatRoute } from "./format-route.ts";
import { indexRoutes } from "./index-routes.ts";
import { labelRoutes } from "./label-routes.ts";
import { limitsRoutes } from "./limits-routes.ts";
import { answerOtherMethods } from "./method-not-allowed.ts";
import { patternRoute } from "./pattern-route.ts";
import { pushRoutes } from "./push-routes.ts";
import { queryRoutes } from "./query-routes.ts";
import type { ReadOptions } from "./read-request.ts";
import { measureRequests } from "./request-metrics.ts";
import { requireTenant } from "./require-tenant.ts";
import { statusRoutes } from "./status-routes.ts";
import { tailRoute } from "./tail-route.ts";
import { uiRoutes } from "./ui-routes.ts";

/** What the HTTP side of the server uses. */
export interface AppParts {
  readonly options: ServerOptions;
  readonly registry: MetricsRegistry;
  readonly logger: ProcessLogger;
  readonly clock: Clock;
  readonly distributor: Distributor;
  readonly ingester: Ingester;
  readonly tailers: Tailers;
  readonly querier: Querier;
  readonly runner: QueryRunner;
  readonly deletes: StoreDeletes;
  /** Those of this thread. */
  readonly kernels: Kernels;
  readonly ruler: Ruler;
  readonly limits: TenantLimits;
  /** Why the server cannot serve now, in Loki's words, or undefined when it can. */
  readonly notReady: () => string | undefined;
  readonly version: string;
}

/** Paths that answer while the write-ahead log is being replayed. */
const alwaysServed = new Set<string>([paths.ready, paths.metrics, paths.buildInfo]);
/** Bytes of the body of everything but a push. */
const formBytesMax = 1024 * 1024;
/** For the whole of a request to arrive: whoever sends a byte now and then must not hold a connection for ever. */
const requestTimeoutMs = 300_000;
/** Of the request line and the headers: as with Go's servers, a query of 128 KiB may stand in the URL. */
const headerBytesMax = 1024 * 1024;
const closeGoingAway = 1001;

/** The server's whole HTTP interface. */
export async function buildApp(parts: AppParts): Promise<FastifyInstance> {
  const { options, registry, logger, clock, distributor, ingester, querier, runner, kernels, limits, notReady } = parts;
  const { push_body_bytes_max, push_decompressed_bytes_max, push_in_flight_bytes_max, allowed_origins } =
    options.config.server;
  const limitsOf = (tenant: string): Limits => limits.of(tenant);
  const otlpMappings = new OtlpMappings(options.config.distributor);
  const { metrics } = registry;
  const reading: ReadOptions = {
    limitsOf: (tenants) => narrowestLimits(splitTenants(tenants).map(limitsOf)),
    mayReadSeveral: options.config.querier.multi_tenant_queries_enabled,
    alignsSteps: options.config.querier.align_queries_with_step,
    clock,
  };
  const app = fastify({
    bodyLimit: formBytesMax,
    http: { maxHeaderSize: headerBytesMax },
    requestTimeout: requestTimeoutMs,
    // While it closes, the hook below answers, as the rest of the server does.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 4096 },
    // Requests that reach no route, such as those of a broken %-escape.
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply, logger),
  });
  setErrorHandler(app, logger);
  measureRequests(app, metrics);
  const refuseOtherMethods = answerOtherMethods(app);
  // A read request may come as a form; what else a body holds does not matter, as in Loki.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
    done(null, body),
  );
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, _body, done) => done(null, undefined));
  app.addHook("onRequest", async (request) => {
    const reason = notReady();
    if (reason !== undefined && !alwaysServed.has(request.routeOptions.url ?? "")) {
      throw new ServiceError("unavailable", reason);
    }
  });
  if (options.config.auth_enabled) {
    requireTenant(app);
  }

  await app.register(websocket, {
    options: { maxPayload: 64 * 1024 },
    preClose(done) {
      for (const socket of this.websocketServer.clients) {
        socket.close(closeGoingAway, "server is stopping");
      }
      this.websocketServer.close();
      done();
    },
  });
  await app.register(statusRoutes, {
    notReady,
    renderMetrics: () => registry.render(),
    metricsContentType: registry.contentType,
    config: printableConfig(options),
    defaultConfig: printableDefaults(),
    overrides: (mode) => printableOverrides(limits, mode),
    version: parts.version,
    logger,
    allowedOrigins: allowed_origins,
  });
  await app.register(pushRoutes, {
    distributor,
    push: (tenant, streams, digest) => ingester.push(tenant, streams, digest),
    budget: new PushBudget(push_in_flight_bytes_max, metrics),
    bodyBytesMax: push_body_bytes_max,
    pushLimits: { ...defaultPushLimits, decompressedBytesMax: push_decompressed_bytes_max },
    snappy: createSnappyCodec(kernels),
    otlpMappingOf: (tenant) => otlpMappings.of(limitsOf(tenant)),
    clock,
    logger,
    metrics,
  });
  await app.register(flushRoute, { flush: () => ingester.flushAll() });
  await app.register(formatRoute, { runner, ...reading });
  await app.register(queryRoutes, { runner, ...reading, metrics });
  const seriesQuerier = withSeriesBy(runner, querier, reading.limitsOf);
  await app.register(labelRoutes, { querier: seriesQuerier, ...reading });
  await app.register(detectedRoutes, { querier: seriesQuerier, runner, ...reading });
  await app.register(patternRoute, { runner, ...reading });
  await app.register(limitsRoutes, { ...reading, version: parts.version });
  await app.register(indexRoutes, { runner, ...reading });
  await app.register(tailRoute, {
    runner,
    tailers: parts.tailers,
    limitsOf,
    maxDurationMs: options.config.querier.tail_max_duration,
    allowedOrigins: allowed_origins,
    clock,
    logger,
    metrics,
  });
  const { compactor } = options.config;
  await app.register(deleteRoutes, {
    deletes: parts.deletes,
    modeOf: (tenant) => limitsOf(tenant).deletion_mode,
    isEnabled: compactor.retention_enabled,
    cancelPeriodMs: compactor.delete_request_cancel_period,
    maxIntervalMs: compactor.delete_max_interval,
    allowedOrigins: allowed_origins,
    clock,
  });
  await app.register(ruleRoutes, { ruler: parts.ruler });
  if (options.uiDirectory !== undefined) {
    await app.register(uiRoutes, { directory: options.uiDirectory });
  }
  refuseOtherMethods();
  return app;
}
