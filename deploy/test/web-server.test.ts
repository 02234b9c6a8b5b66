import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { loadPage } from "../web/page.ts";
import { createWebServer } from "../web/web-server.ts";

const index = '<!doctype html><script>theme()</script><script src="/assets/app-1a2b.js"></script>';

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A page of two files before an API that answers with `answer`. */
async function start(
  answer: RequestListener = (request, response) => response.end(`api ${request.method} ${request.url}`),
) {
  const directory = await temporaryDirectory();
  mkdirSync(join(directory.path, "ui/assets"), { recursive: true });
  writeFileSync(join(directory.path, "ui/index.html"), index);
  writeFileSync(join(directory.path, "ui/assets/app-1a2b.js"), "start();");
  writeFileSync(join(directory.path, "secret.txt"), "secret");
  const api = createServer(answer);
  const apiUrl = await listen(api);
  const web = createWebServer({ page: loadPage(join(directory.path, "ui")), api: new URL(apiUrl) });
  const url = await listen(web.server);
  return {
    api,
    url,
    web,
    async [Symbol.asyncDispose]() {
      await web.stop();
      api.closeAllConnections();
      await new Promise((resolve) => api.close(resolve));
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** The body of a request whose path goes over the wire as it is written, which `fetch` would tidy up. */
async function rawGet(url: string, path: string): Promise<{ readonly status: number; readonly body: string }> {
  const { hostname, port } = new URL(url);
  const sent = httpRequest({ hostname, port, path }).end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return { status: answer.statusCode!, body: Buffer.concat(await answer.toArray()).toString() };
}

test.for([
  { path: "/", type: "text/html; charset=utf-8", cache: "no-cache", body: index },
  { path: "/explore?query=x", type: "text/html; charset=utf-8", cache: "no-cache", body: index },
  {
    path: "/assets/app-1a2b.js",
    type: "text/javascript; charset=utf-8",
    cache: "public, max-age=31536000, immutable",
    body: "start();",
  },
])("the page: $path", async ({ path, type, cache, body }) => {
  await using site = await start();
  const answer = await fetch(site.url + path);
  expect(await answer.text()).toBe(body);
  expect(answer.headers.get("content-type")).toBe(type);
  expect(answer.headers.get("cache-control")).toBe(cache);
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  // theme() is allowed by its hash, and no other inline script is.
  const policy = answer.headers.get("content-security-policy");
  expect(policy).toMatch(/script-src 'self' 'sha256-[\w+/=]+';/u);
  expect(policy).not.toContain("unsafe");
});

test.for([
  "/assets/nothing",
  "/assets/nothing.js",
  "/../secret.txt",
  "/assets/../../secret.txt",
  "/%2e%2e/secret.txt",
  "/assets/%2e%2e%2f%2e%2e%2fsecret.txt",
  "//etc/passwd.txt",
])("no file for %s", async (path) => {
  await using site = await start();
  expect(await rawGet(site.url, path)).toEqual({ status: 404, body: "404 page not found\n" });
});

test.for([
  { method: "GET", path: "/loki/api/v1/query_range?query=%7Ba%3D%22b%22%7D&limit=10" },
  { method: "POST", path: "/loki/api/v1/query_range" },
  { method: "GET", path: "/loki/api/v1/label/a%2Fb/values" },
  { method: "GET", path: "/prometheus/api/v1/alerts" },
  { method: "GET", path: "/ready" },
])("handed on as it is: $method $path", async ({ method, path }) => {
  await using site = await start();
  const answer = await fetch(site.url + path, { method });
  expect(await answer.text()).toBe(`api ${method} ${path}`);
});

test.for([
  { method: "POST", path: "/loki/api/v1/push" },
  { method: "POST", path: "/api/prom/push" },
  { method: "POST", path: "/otlp/v1/logs" },
  { method: "POST", path: "/loki/api/v1/delete?query=%7Ba%3D%22b%22%7D" },
  { method: "DELETE", path: "/loki/api/v1/query_range" },
  { method: "POST", path: "/loki/api/v1/rules/team" },
  { method: "GET", path: "/loki/api/v1/query_range/../push" },
  { method: "GET", path: "/loki/api/v1/label/a/b/values" },
])("never handed on: $method $path", async ({ method, path }) => {
  let asked = 0;
  await using site = await start((_request, response) => response.end(`${++asked}`));
  const { hostname, port } = new URL(site.url);
  const [answer] = (await once(httpRequest({ hostname, port, path, method }).end(), "response")) as [IncomingMessage];
  answer.resume();
  expect(answer.statusCode).toBe(403);
  expect(asked).toBe(0);
});

test("the server's metrics are not for readers of the page", async () => {
  await using site = await start();
  expect(await (await fetch(`${site.url}/metrics`)).text()).not.toMatch(/^api/u);
});

test("another host's URL is not fetched for anybody", async () => {
  await using site = await start();
  const other = `${site.url.replace("127.0.0.1", "localhost")}/loki/api/v1/labels`;
  expect((await rawGet(site.url, other)).body).not.toMatch(/^api/u);
});

test("body, status and headers pass both ways, the host unchanged", async () => {
  let seen: IncomingMessage["headers"] = {};
  await using site = await start((request, response) => {
    seen = request.headers;
    response.writeHead(429, { "Retry-After": "7" });
    request.pipe(response);
  });
  const answer = await fetch(`${site.url}/loki/api/v1/query`, {
    method: "POST",
    body: new URLSearchParams({ query: "{}" }),
    headers: { "X-Scope-OrgID": "shop" },
  });
  expect([answer.status, answer.headers.get("retry-after"), await answer.text()]).toEqual([429, "7", "query=%7B%7D"]);
  expect(seen["x-scope-orgid"]).toBe("shop");
  expect(seen.host).toBe(new URL(site.url).host);
});

test("a server that is away is a 502 that says so, and not the page's own ill health", async () => {
  await using site = await start();
  site.api.closeAllConnections();
  await new Promise((resolve) => site.api.close(resolve));
  const answer = await fetch(`${site.url}/loki/api/v1/labels`);
  expect(answer.status).toBe(502);
  expect(await answer.text()).toMatch(/^cannot reach the server at http:\/\/127\.0\.0\.1:\d+: ECONNREFUSED\n$/u);
  expect((await fetch(`${site.url}/healthz`)).status).toBe(200);
});

test("who leaves ends the query behind", async () => {
  let ended: Promise<unknown> = Promise.resolve();
  await using site = await start((_request, response) => {
    ended = once(response, "close");
    response.write("first");
  });
  const leave = new AbortController();
  const answer = await fetch(`${site.url}/loki/api/v1/query`, { signal: leave.signal });
  await answer.body!.getReader().read();
  leave.abort();
  await ended;
});

test("the live tail runs both ways, and ends with either side", async () => {
  await using site = await start();
  const sockets = new WebSocketServer({ server: site.api });
  const connected = once(sockets, "connection") as Promise<[WebSocket, IncomingMessage]>;
  const client = new WebSocket(`${site.url.replace("http", "ws")}/loki/api/v1/tail?query=x`, { origin: site.url });
  const [server, request] = await connected;
  expect([request.url, request.headers.host, request.headers.origin]).toEqual([
    "/loki/api/v1/tail?query=x",
    new URL(site.url).host,
    site.url,
  ]);
  const received = once(client, "message");
  server.send("a line");
  expect(String((await received)[0])).toBe("a line");
  const closed = once(server, "close");
  client.close();
  await closed;
});

test("a refused tail gives its status and reason", async () => {
  await using site = await start();
  site.api.on("upgrade", (_request, socket) =>
    socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\n\r\nbad query"),
  );
  const client = new WebSocket(`${site.url.replace("http", "ws")}/loki/api/v1/tail`);
  const [, answer] = (await once(client, "unexpected-response")) as [unknown, IncomingMessage];
  expect([answer.statusCode, Buffer.concat(await answer.toArray()).toString()]).toEqual([400, "bad query"]);
});

test("nothing but the tail is upgraded", async () => {
  await using site = await start();
  const client = new WebSocket(`${site.url.replace("http", "ws")}/loki/api/v1/push`);
  const [, answer] = (await once(client, "unexpected-response")) as [unknown, IncomingMessage];
  expect(answer.statusCode).toBe(404);
});

test("stopping ends open tails", async () => {
  await using site = await start();
  const sockets = new WebSocketServer({ server: site.api });
  const client = new WebSocket(`${site.url.replace("http", "ws")}/loki/api/v1/tail`);
  await Promise.all([once(client, "open"), once(sockets, "connection")]);
  const closed = once(client, "close");
  await site.web.stop();
  await closed;
});

test("a directory without a page is one clear sentence", async () => {
  await using directory = await temporaryDirectory();
  expect(() => loadPage(directory.path)).toThrow(`no Explore page in ${directory.path}: ENOENT`);
});
