import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { startTestServer } from "./start-test-server.ts";

const mebibyte = 1024 * 1024;

/** Begins a push of so many bytes and sends only its head and some of them. */
async function beginPush(address: string, tenant: string, sizeBytes: number): Promise<Socket> {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => {
    socket.write(
      `POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nX-Scope-OrgID: ${tenant}\r\nContent-Type: application/json\r\nContent-Length: ${sizeBytes}\r\n\r\n{"streams":[`,
      () => resolve(),
    );
  });
  return socket;
}

function push(address: string, tenant: string, sizeBytes: number): Promise<Response> {
  const values = [[`${Date.now()}000000`, "x".repeat(sizeBytes)]];
  return fetch(`${address}/loki/api/v1/push`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Scope-OrgID": tenant },
    body: JSON.stringify({ streams: [{ stream: { app: "x" }, values }] }),
  });
}

async function inFlight(address: string): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text();
  return Number(/^sluice_push_in_flight_bytes (.*)$/mu.exec(text)?.[1] ?? 0);
}

test("pushes that would not fit into memory are refused unread, and taken again when others are gone", async () => {
  await using server = await startTestServer({
    server: { push_in_flight_bytes_max: "10MB" },
    limits_config: { max_line_size: 0 },
  });
  const slow = await beginPush(server.address, "slow", 8 * mebibyte);
  await expect.poll(() => inFlight(server.address)).toBe(8 * mebibyte);

  const refused = await push(server.address, "other", 3 * mebibyte);
  expect([refused.status, refused.headers.get("retry-after"), await refused.text()]).toEqual([
    503,
    "1",
    "The server cannot accept more requests at this time. (server.push_in_flight_bytes_max: 10485760)\n",
  ]);
  const sameTenant = await push(server.address, "slow", 1024);
  expect([sameTenant.status, await sameTenant.text()]).toEqual([204, ""]);
  expect((await push(server.address, "other", 1024)).status).toBe(204);

  slow.destroy();
  await expect.poll(() => inFlight(server.address)).toBe(0);
  expect((await push(server.address, "other", 3 * mebibyte)).status).toBe(204);
});
