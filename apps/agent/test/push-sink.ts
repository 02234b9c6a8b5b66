import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { entriesOf } from "@sluice/model";
import { decodePush } from "@sluice/push";

/** One entry as the server got it. */
export interface ReceivedEntry {
  readonly labels: string;
  readonly timestampNs: bigint;
  readonly line: string;
}

/** What the sink does with a request; `store` answers 204. */
export type Behaviour =
  | "store"
  /** Stores the entries and cuts the connection: the acknowledgement is lost. */
  | "store_and_cut"
  | "cut"
  /** Never answers. */
  | "hang"
  | { readonly status: number; readonly text?: string; readonly headers?: Record<string, string> };

/** A server that takes pushes for real, over HTTP, and can be told to fail. */
export interface PushSink extends AsyncDisposable {
  readonly url: string;
  /** Everything stored, in order of arrival; what came twice is there twice. */
  readonly received: readonly ReceivedEntry[];
  readonly requests: readonly { readonly headers: IncomingMessage["headers"]; readonly entryCount: number }[];
  /** Decides for each request; the default stores. */
  behave(decide: (request: { readonly index: number; readonly entryCount: number }) => Behaviour): void;
  /** Stops listening and cuts all connections; {@link up} listens on the same port again. */
  down(): Promise<void>;
  up(): Promise<void>;
}

export async function startPushSink(): Promise<PushSink> {
  const received: ReceivedEntry[] = [];
  const requests: { headers: IncomingMessage["headers"]; entryCount: number }[] = [];
  let decide: Parameters<PushSink["behave"]>[0] = () => "store";

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    const entries = decodeEntries(Buffer.concat(chunks), request);
    const behaviour = decide({ index: requests.length, entryCount: entries.length });
    requests.push({ headers: request.headers, entryCount: entries.length });
    if (behaviour === "store" || behaviour === "store_and_cut") {
      received.push(...entries);
    }
    if (behaviour === "store") {
      response.writeHead(204).end();
    } else if (behaviour === "cut" || behaviour === "store_and_cut") {
      request.socket.destroy();
    } else if (behaviour !== "hang") {
      response.writeHead(behaviour.status, behaviour.headers).end(behaviour.text ?? "");
    }
  };
  const server = createServer((request, response) => {
    // A client that was killed leaves half a request behind.
    handle(request, response).catch(() => response.destroy());
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
  const down = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/loki/api/v1/push`,
    received,
    requests,
    behave(next) {
      decide = next;
    },
    down,
    up: () => listen(port),
    async [Symbol.asyncDispose]() {
      if (server.listening) {
        await down();
      }
    },
  };
}

function decodeEntries(body: Buffer, request: IncomingMessage): ReceivedEntry[] {
  const streams = decodePush({
    body,
    contentType: request.headers["content-type"],
    contentEncoding: request.headers["content-encoding"],
  });
  return streams.flatMap(({ labels, batch }) =>
    entriesOf(batch).map(({ timestampNs, line }) => ({ labels, timestampNs, line })),
  );
}

/** What a user sees in queries: of equal stream, time and line one remains. */
export function visibleLines(received: readonly ReceivedEntry[]): string[] {
  const seen = new Map(received.map((entry) => [`${entry.labels} ${entry.timestampNs} ${entry.line}`, entry.line]));
  return [...seen.values()];
}
