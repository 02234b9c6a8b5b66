import type { Metrics } from "@sluice/model";
import type { FastifyInstance } from "fastify";

/** Counts and times every request, by its route: paths that are none count as one. */
export function measureRequests(app: FastifyInstance, metrics: Metrics): void {
  const seconds = metrics.histogram(
    "sluice_request_duration_seconds",
    "Time from a request to the end of its answer.",
    [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 25, 50, 100],
    ["method", "route", "status_code"],
  );
  const running = metrics.gauge("sluice_inflight_requests", "Requests that are not answered yet.", ["method", "route"]);
  app.addHook("onRequest", async (request, reply) => {
    const { method, routeOptions } = request;
    const labels = { method, route: routeOptions.url ?? "other" };
    running.add(1, labels);
    const startMs = performance.now();
    // Also when the client leaves before the end.
    reply.raw.once("close", () => {
      running.add(-1, labels);
      seconds.observe((performance.now() - startMs) / 1000, { ...labels, status_code: String(reply.statusCode) });
    });
  });
}
