import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { forward, forwardUpgrade } from "./forward.ts";
import type { PageFile } from "./page.ts";
import { isApiPath, isReadable, isTail } from "./read-only-api.ts";

export interface WebServerOptions {
  readonly page: (path: string) => PageFile | undefined;
  /** The server's base URL. */
  readonly api: URL;
}

/** What the kubelet asks: whether this process answers, whatever the server behind it does. */
const healthPath = "/healthz";
const connectionsMax = 2000;

export interface WebServer {
  readonly server: Server;
  /** Finishes the answers that were begun and ends the live tails. */
  stop(): Promise<void>;
}

/** Serves the Explore page, and hands its questions on to the server: reading only. */
export function createWebServer({ page, api }: WebServerOptions): WebServer {
  const server = createServer((request, response) => {
    const path = pathOf(request);
    if (path === healthPath) {
      response.end("ok\n");
    } else if (isReadable(request.method!, path)) {
      forward(request, response, api);
    } else if (isApiPath(path)) {
      refuse(response, 403, `${request.method} ${path} is not offered here; ask the server itself`);
    } else {
      answerPage(request, response, page(path));
    }
  });
  server.maxConnections = connectionsMax;
  const tails = new Set<Duplex>();
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (isTail(pathOf(request))) {
      tails.add(socket);
      socket.once("close", () => tails.delete(socket));
      forwardUpgrade(request, socket, head, api);
    } else {
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
    }
  });
  return {
    server,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      tails.forEach((socket) => socket.destroy());
      await closed;
    },
  };
}

/** The path as it was sent, nothing decoded: what is checked is what is handed on. */
function pathOf(request: IncomingMessage): string {
  return request.url!.split("?", 1)[0]!;
}

function answerPage(request: IncomingMessage, response: ServerResponse, file: PageFile | undefined): void {
  if (request.method !== "GET" && request.method !== "HEAD") {
    refuse(response, 405, `${request.method} is not offered here`);
  } else if (file === undefined) {
    refuse(response, 404, "404 page not found");
  } else {
    response.writeHead(200, { ...file.headers, "Content-Length": file.body.length });
    response.end(request.method === "HEAD" ? undefined : file.body);
  }
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" });
  response.end(`${why}\n`);
}
