import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest, type ServerResponse } from "node:http";
import { type Duplex, pipeline } from "node:stream";
import { messageOf } from "@sluice/model";

/** Headers that speak of one connection and not of the message (RFC 9110, 7.6.1). */
const connectionHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Hands a request on to the API and streams its answer back. `Host` stays what the browser sent, because the server
 * compares it with `Origin`.
 *
 * @param api the server's base URL; only its host and port count.
 */
export function forward(request: IncomingMessage, response: ServerResponse, api: URL): void {
  const upstream = httpRequest(api, {
    method: request.method!,
    path: request.url!,
    headers: messageHeaders(request.headers),
  });
  upstream.on("response", (answer) => {
    response.writeHead(answer.statusCode!, messageHeaders(answer.headers));
    pipeline(answer, response, () => upstream.destroy());
  });
  upstream.on("error", (error) => {
    if (response.headersSent) {
      response.destroy();
    } else {
      response.writeHead(502, { "Content-Type": "text/plain; charset=utf-8" });
      response.end(unreachable(api, error));
    }
  });
  // Who closes the page does not want the rest of the answer.
  response.once("close", () => upstream.destroy());
  request.pipe(upstream);
}

/** {@link forward} for a WebSocket: after the server's 101 the bytes run both ways until one side ends. */
export function forwardUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, api: URL): void {
  const upstream = httpRequest(api, { path: request.url!, headers: request.headers });
  socket.on("error", () => upstream.destroy());
  socket.once("close", () => upstream.destroy());
  upstream.on("upgrade", (answer, peer, peerHead) => {
    socket.write(Buffer.concat([statusAndHeaders(answer), peerHead]));
    peer.write(head);
    peer.on("error", () => socket.destroy());
    peer.once("close", () => socket.destroy());
    socket.once("close", () => peer.destroy());
    socket.pipe(peer).pipe(socket);
  });
  upstream.on("response", (answer) => {
    socket.write(statusAndHeaders(answer, "Connection: close"));
    pipeline(answer, socket, () => socket.destroy());
  });
  upstream.on("error", (error) => {
    socket.end(`HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n${unreachable(api, error)}`);
  });
  upstream.end();
}

function messageHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !connectionHeaders.has(name)));
}

/** The head of an answer as it goes over the wire; with `connection` that header stands for the answer's own ones. */
function statusAndHeaders(answer: IncomingMessage, connection?: string): Buffer {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
  for (let i = 0; i < answer.rawHeaders.length; i += 2) {
    const name = answer.rawHeaders[i]!;
    if (connection === undefined || !connectionHeaders.has(name.toLowerCase())) {
      lines.push(`${name}: ${answer.rawHeaders[i + 1]!}`);
    }
  }
  return Buffer.from([...lines, ...(connection === undefined ? [] : [connection]), "", ""].join("\r\n"), "latin1");
}

function unreachable(api: URL, error: Error): string {
  return `cannot reach the server at ${api.origin}: ${(error as NodeJS.ErrnoException).code ?? messageOf(error)}\n`;
}
