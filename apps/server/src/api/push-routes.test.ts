import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { createSnappyCodec, defaultOtlpMapping, defaultPushLimits } from "@sluice/push";
import { createMetrics } from "@sluice/service";
import { quietLogger, quietMetrics, virtualClock } from "@sluice/testkit";
import fastify from "fastify";
import { expect, test } from "vitest";
import { Distributor } from "../distributor/distributor.ts";
import { PushBudget } from "../distributor/push-budget.ts";
import { defaultLimits } from "../limits.ts";
import { setErrorHandler } from "./error-handler.ts";
import { pushRoutes } from "./push-routes.ts";

const nowMs = Date.parse("2026-01-05T10:00:00Z");

/** The push routes over a log whose disk hangs until it is told to go on. */
async function startRoutes(inFlightBytesMax: number): Promise<
  AsyncDisposable & {
    readonly port: number;
    readonly heldBytes: () => Promise<number>;
    readonly letGoOn: () => void;
  }
> {
  const registry = createMetrics();
  const { metrics } = registry;
  const disk = Promise.withResolvers<void>();
  const app = fastify();
  setErrorHandler(app, quietLogger);
  await app.register(pushRoutes, {
    distributor: new Distributor({
      limitsOf: () => ({ ...defaultLimits, max_line_size: 0 }),
      clock: virtualClock(nowMs),
      metrics: quietMetrics,
    }),
    push: () => disk.promise,
    budget: new PushBudget(inFlightBytesMax, metrics),
    bodyBytesMax: 10_000_000,
    pushLimits: defaultPushLimits,
    snappy: createSnappyCodec(),
    otlpMappingOf: () => defaultOtlpMapping,
    clock: virtualClock(nowMs),
    logger: quietLogger,
    metrics,
  });
  const address = await app.listen({ host: "127.0.0.1", port: 0 });
  return {
    port: Number(new URL(address).port),
    heldBytes: async () => Number(/^sluice_push_in_flight_bytes (.*)$/mu.exec(await registry.render())?.[1]),
    letGoOn: disk.resolve,
    [Symbol.asyncDispose]: () => app.close(),
  };
}

/** Small while it comes: a line of so many equal bytes. */
function bodyOf(lineBytes: number): Buffer {
  const values = [[`${nowMs}000000`, "x".repeat(lineBytes)]];
  return gzipSync(JSON.stringify({ streams: [{ stream: { app: "x" }, values }] }));
}

test("a push counts until it is durable, and no longer, when its sender leaves before the answer", async () => {
  await using routes = await startRoutes(1_000_000);
  const body = bodyOf(100_000);
  const socket = connect(routes.port, "127.0.0.1");
  socket.write(
    `POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  socket.write(body);
  await expect.poll(routes.heldBytes).toBeGreaterThan(100_000);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.destroy();
  await closed;
  expect(await routes.heldBytes()).toBeGreaterThan(100_000);
  routes.letGoOn();
  await expect.poll(routes.heldBytes).toBe(0);
});

test("a push that is too large once it is unpacked is refused when others are in flight", async () => {
  await using routes = await startRoutes(1_000_000);
  const push = (lineBytes: number): Promise<Response> =>
    fetch(`http://127.0.0.1:${routes.port}/loki/api/v1/push`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Content-Encoding": "gzip", "X-Scope-OrgID": `of-${lineBytes}` },
      body: new Uint8Array(bodyOf(lineBytes)),
    });
  const first = push(600_000);
  await expect.poll(routes.heldBytes).toBeGreaterThan(600_000);
  const held = await routes.heldBytes();
  const second = await push(500_000);
  expect([second.status, second.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await routes.heldBytes()).toBe(held);
  routes.letGoOn();
  expect((await first).status).toBe(204);
  expect((await push(500_000)).status).toBe(204);
});

test("what counts of short lines is all that they take, not their bytes alone", async () => {
  await using routes = await startRoutes(1_000_000);
  const count = 1000;
  const values = Array.from({ length: count }, (_, i) => [`${nowMs}${String(i).padStart(6, "0")}`, ""]);
  const pushing = fetch(`http://127.0.0.1:${routes.port}/loki/api/v1/push`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Content-Encoding": "gzip" },
    body: new Uint8Array(gzipSync(JSON.stringify({ streams: [{ stream: { app: "x" }, values }] }))),
  });
  await expect.poll(routes.heldBytes).toBeGreaterThanOrEqual(16 * count);
  routes.letGoOn();
  expect((await pushing).status).toBe(204);
});

test("structured metadata counts, too", async () => {
  await using routes = await startRoutes(1_000_000);
  const values = Array.from({ length: 10 }, (_, i) => [`${nowMs}00000${i}`, "", { id: `${i}`.repeat(60_000) }]);
  const pushing = fetch(`http://127.0.0.1:${routes.port}/loki/api/v1/push`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Content-Encoding": "gzip" },
    body: new Uint8Array(gzipSync(JSON.stringify({ streams: [{ stream: { app: "x" }, values }] }))),
  });
  await expect.poll(routes.heldBytes).toBeGreaterThanOrEqual(600_000);
  routes.letGoOn();
  expect((await pushing).status).toBe(204);
});
