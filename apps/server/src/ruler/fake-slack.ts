import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { SlackMessage } from "./slack.ts";

/** For tests: an HTTP server that takes the place of Slack and keeps every post. */
export interface FakeSlack extends AsyncDisposable {
  readonly url: string;
  readonly posts: readonly SlackPost[];
}

export interface SlackPost {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly message: SlackMessage;
}

export interface FakeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Takes the post and never answers. */
  readonly hang?: boolean;
}

/** @param answers for the first posts; all others are answered `200 ok`. */
export async function fakeSlack(answers: readonly FakeAnswer[] = []): Promise<FakeSlack> {
  const posts: SlackPost[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const answer = answers[posts.length] ?? { status: 200, body: "ok" };
      const message = JSON.parse(Buffer.concat(parts).toString()) as SlackMessage;
      posts.push({ status: answer.status, headers: request.headers, message });
      respond(response, answer);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/T0/B0/secret`,
    posts,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function respond(response: ServerResponse, { status, headers = {}, body = "", hang = false }: FakeAnswer): void {
  if (!hang) {
    response.writeHead(status, headers);
    response.end(body);
  }
}
