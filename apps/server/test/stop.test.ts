import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { startTestServer } from "./start-test-server.ts";

test("a push that is under way is answered, later ones are refused, and tails are told", async () => {
  await using server = await startTestServer();
  const { hostname, port } = new URL(server.address);
  const body = JSON.stringify({ streams: [{ stream: { a: "b" }, values: [[`${Date.now()}000000`, "last words"]] }] });
  const socket = connect(Number(port), hostname);
  let answer = "";
  socket.on("data", (data) => (answer += data.toString()));
  const tail = new WebSocket(`${server.address.replace("http", "ws")}/loki/api/v1/tail?query=%7Ba%3D%22b%22%7D`);
  await once(tail, "open");
  const told = once(tail, "close") as Promise<[number, Buffer]>;
  const request = `POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  socket.write(`${request}${body.slice(0, 20)}`);
  await server.push({ a: "c" }, "so that the server has seen the first request");

  const stopped = server.stop();
  const [code, reason] = await told;
  expect([code, reason.toString()]).toEqual([1001, "server is stopping"]);
  // A second request on the connection that is still open comes too late.
  socket.write(`${body.slice(20)}${request}${body}`);
  await once(socket, "close");
  expect(answer.match(/^HTTP\/1\.1 \d+|^Application is stopping/gmu)).toEqual([
    "HTTP/1.1 204",
    "HTTP/1.1 503",
    "Application is stopping",
  ]);
  await stopped;
});
