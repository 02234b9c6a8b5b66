import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What goes wrong with one request. */
export type Fault =
  /** S3 answers with an error of its own, and does nothing. */
  | { readonly kind: "refuse"; readonly status: number; readonly code: string }
  /** Nothing is answered, and nothing done. */
  | { readonly kind: "hang" }
  /** The connection is cut before the server hears of the request. */
  | { readonly kind: "reset" }
  /** The server does what was asked, and its answer gets lost. */
  | { readonly kind: "lose-answer" }
  /** The connection is cut after so many bytes of the answer's body. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** The answer's body is made shorter, and so is what it says of its length. */
  | { readonly kind: "shorten"; readonly toBytes: number }
  /** Another body, with the status 200. */
  | { readonly kind: "answer"; readonly body: string }
  /** The request is passed on only after this long. */
  | { readonly kind: "slow"; readonly ms: number };

export interface ProxiedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A server between a client and S3, where things go wrong as the test likes. */
export interface FaultProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** All that came, in order. */
  readonly requests: ProxiedRequest[];
  /** Decides on each request; `undefined` lets it pass. */
  fault: (request: ProxiedRequest) => Fault | undefined;
}

/** Starts a proxy on a free port before the server at `target`, a URL without a path. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const requests: ProxiedRequest[] = [];
  const proxy = { requests, fault: (): Fault | undefined => undefined } as { requests: ProxiedRequest[] } & Pick<
    FaultProxy,
    "fault"
  >;
  const server = createServer((incoming, answer) => {
    const { method = "", url = "", headers } = incoming;
    const seen = { method, url, headers };
    requests.push(seen);
    incoming.on("error", () => {});
    answer.on("error", () => {});
    handle(target, incoming, answer, proxy.fault(seen));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(proxy, {
    endpoint: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

function handle(target: string, incoming: IncomingMessage, answer: ServerResponse, fault: Fault | undefined): void {
  switch (fault?.kind) {
    case "refuse":
      incoming.resume().on("end", () => answer.writeHead(fault.status).end(errorXml(fault.code)));
      return;
    case "answer":
      incoming.resume().on("end", () => answer.writeHead(200).end(fault.body));
      return;
    case "hang":
      incoming.resume();
      return;
    case "reset":
      incoming.socket.destroy();
      return;
    case "slow":
      setTimeout(() => forward(target, incoming, answer, undefined), fault.ms);
      return;
    default:
      forward(target, incoming, answer, fault);
  }
}

function forward(target: string, incoming: IncomingMessage, answer: ServerResponse, fault: Fault | undefined): void {
  const { method, url, headers } = incoming;
  // The host stays the one that the client signed.
  const outgoing = httpRequest(new URL(url!, target), { method, headers, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () => give(Buffer.concat(chunks), response, incoming, answer, fault));
  });
  outgoing.on("error", () => incoming.socket.destroy());
  incoming.pipe(outgoing);
}

function give(
  body: Buffer,
  response: IncomingMessage,
  incoming: IncomingMessage,
  answer: ServerResponse,
  fault: Fault | undefined,
): void {
  const headers = { ...response.headers };
  delete headers["transfer-encoding"];
  if (incoming.method !== "HEAD") {
    headers["content-length"] = String(body.length);
  }
  switch (fault?.kind) {
    case "lose-answer":
      incoming.socket.destroy();
      return;
    case "cut":
      answer.writeHead(response.statusCode!, headers);
      answer.write(body.subarray(0, fault.afterBytes), () => incoming.socket.destroy());
      return;
    case "shorten":
      headers["content-length"] = String(fault.toBytes);
      answer.writeHead(response.statusCode!, headers).end(body.subarray(0, fault.toBytes));
      return;
    default:
      answer.writeHead(response.statusCode!, headers).end(body);
  }
}

/** S3's form of an error. */
export function errorXml(code: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code} by the test</Message></Error>`;
}
