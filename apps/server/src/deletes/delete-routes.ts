import { paths } from "@sluice/api";
import { printGoDuration } from "@sluice/logql";
import { nsPerMs, ServiceError, type Clock } from "@sluice/model";
import type { DeletionMode, ListedDelete, StoreDeletes } from "@sluice/store";
import type { FastifyPluginAsync } from "fastify";
import { sendText } from "../api/error-handler.ts";
import { refuseForeignOrigin } from "../api/foreign-origin.ts";
import { paramsOf } from "../api/params.ts";
import { tenantOf } from "../api/tenant.ts";
import { checkMaxInterval, parseListedTimes, parseWantedDelete } from "./delete-params.ts";

export interface DeleteRoutesOptions {
  readonly deletes: StoreDeletes;
  readonly modeOf: (tenant: string) => DeletionMode;
  /** Whether anything is ever deleted here. */
  readonly isEnabled: boolean;
  /** How long a request can be taken back. */
  readonly cancelPeriodMs: number;
  readonly maxIntervalMs: number;
  /** Origins other than the server's own whose pages may delete. */
  readonly allowedOrigins: readonly string[];
  readonly clock: Clock;
}

/** Deleting lines: `POST` or `PUT` asks for it, `GET` lists what was asked for, `DELETE` takes it back. */
export const deleteRoutes: FastifyPluginAsync<DeleteRoutesOptions> = async (app, options) => {
  const { deletes, modeOf, isEnabled, cancelPeriodMs, maxIntervalMs, allowedOrigins, clock } = options;
  const url = paths.delete;

  app.addHook("preHandler", async (request, reply) => {
    if (request.method !== "GET") {
      refuseForeignOrigin(request, allowedOrigins, "delete request");
    }
    if (!isEnabled) {
      throw new ServiceError("bad_data", "Retention is not enabled");
    }
    if (modeOf(tenantOf(request)) === "disabled") {
      return sendText(reply, 403, "deletion is not available for this tenant");
    }
    return undefined;
  });

  app.route({
    method: ["POST", "PUT"],
    url,
    handler: async (request, reply) => {
      const tenant = tenantOf(request);
      const params = paramsOf(request);
      const wanted = parseWantedDelete(params, clock.nowMs());
      checkMaxInterval(params, wanted, maxIntervalMs);
      const { id } = await deletes.add({ tenant, ...wanted });
      return reply.header("X-Delete-Request-ID", id).status(204).send();
    },
  });

  app.get(url, (request) => {
    const { startNs, endNs } = parseListedTimes(paramsOf(request));
    return deletes
      .list(tenantOf(request))
      .filter((listed) => startNs === undefined || listed.endNs >= startNs)
      .filter((listed) => endNs === undefined || listed.startNs <= endNs)
      .map(listedBody);
  });

  app.delete(url, async (request, reply) => {
    const tenant = tenantOf(request);
    const params = paramsOf(request);
    const id = params.get("request_id");
    const listed = deletes.list(tenant).find((each) => each.id === id);
    if (listed?.state === "active" && params.get("force") !== "true") {
      checkMayCancel(listed, cancelPeriodMs, clock.nowMs());
    }
    await deletes.cancel(tenant, id);
    return reply.status(204).send();
  });
};

/** @throws {ServiceError} `bad_data` when lines of it may be gone already. */
function checkMayCancel({ createdMs, doneShare }: ListedDelete, cancelPeriodMs: number, nowMs: number): void {
  if (doneShare > 0 || nowMs > createdMs + cancelPeriodMs) {
    const period = printGoDuration(cancelPeriodMs * 1e6);
    throw new ServiceError(
      "bad_data",
      `Cancellation of partially completed delete request or delete request past the deadline of ${period} since its creation is not allowed. To force, use the ?force query parameter`,
    );
  }
}

/** Times are seconds, with milliseconds behind the point. */
function listedBody(listed: ListedDelete): Record<string, unknown> {
  return {
    request_id: listed.id,
    start_time: secondsOf(listed.startNs),
    end_time: secondsOf(listed.endNs),
    query: listed.query,
    status: statusOf(listed),
    created_at: listed.createdMs / 1000,
    user_id: "",
  };
}

function secondsOf(ns: bigint): number {
  return Number(ns / nsPerMs) / 1000;
}

function statusOf({ state, doneShare }: ListedDelete): string {
  if (state === "processed") {
    return "processed";
  }
  const percent = Math.min(Math.floor(doneShare * 100), 99);
  return percent === 0 ? "received" : `${percent}% Complete`;
}
