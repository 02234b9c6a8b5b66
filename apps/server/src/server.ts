import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import websocket from "@fastify/websocket";
import { runInstantQuery, parseQuery } from "@sluice/logql";
import { writeFileDurably } from "@sluice/model";
import { nodeFileSystem, systemClock } from "@sluice/model/node";
import { openFileSystemStore } from "@sluice/object-store";
import { createLogger, createMetrics, listen, repeat, type Running } from "@sluice/service";
import { openStore } from "@sluice/store";
import { openWal } from "@sluice/wal";
import fastify from "fastify";
import { setErrorHandler } from "./api/error-handler.ts";
import { labelRoutes } from "./api/label-routes.ts";
import { pushRoutes } from "./api/push-routes.ts";
import { queryRoutes } from "./api/query-routes.ts";
import { statusRoutes } from "./api/status-routes.ts";
import { tailRoute } from "./api/tail-route.ts";
import { uiRoutes } from "./api/ui-routes.ts";
import type { ServerOptions } from "./config.ts";
import { Ingester } from "./ingester/ingester.ts";
import { Tailers } from "./ingester/tailers.ts";
import { createQuerier } from "./querier/querier.ts";
import { ruleRoutes } from "./ruler/rule-routes.ts";
import { startRuler } from "./ruler/ruler.ts";

const flushCheckMs = 1000;

export interface RunningServer extends Running {
  /** Base URL of the API, for example `http://127.0.0.1:3100`. */
  readonly address: string;
}
