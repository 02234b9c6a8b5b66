import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "@sluice/model/node";
import { expect, test } from "vitest";
import { hasLabelValue, isReady, untilOneEnds, waitUntil } from "./wait.ts";

async function serve(answer: RequestListener): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("ready is the status 200 of /ready and nothing else", async () => {
  let status = 503;
  await using server = await serve((request, response) => {
    response.statusCode = request.url === "/ready" ? status : 404;
    response.end("replaying");
  });
  expect(await isReady(server.url)).toBe(false);
  status = 200;
  expect(await isReady(server.url)).toBe(true);
  expect(await isReady("http://127.0.0.1:1")).toBe(false);
});

test.for([
  { body: '{"status":"success","data":["ai-prod","shop"]}', want: true },
  { body: '{"status":"success","data":["shop"]}', want: false },
  { body: '{"status":"success"}', want: false },
])("the label's value is there: $body", async ({ body, want }) => {
  await using server = await serve((request, response) => {
    expect(request.url).toBe("/loki/api/v1/label/namespace/values");
    response.end(body);
  });
  expect(await hasLabelValue(server.url, "namespace", "ai-prod")).toBe(want);
});

test("waiting ends with the answer, the deadline or the signal", async () => {
  const never = new AbortController().signal;
  let asked = 0;
  const third = async (): Promise<boolean> => ++asked === 3;
  expect(await waitUntil(third, 60_000, systemClock, never)).toBe(true);
  expect(asked).toBe(3);
  const no = async (): Promise<boolean> => false;
  expect(await waitUntil(no, 150, systemClock, never)).toBe(false);
  expect(await waitUntil(no, 60_000, systemClock, AbortSignal.timeout(50))).toBe(false);
});

test("the first part that ends is the one that is told of", async () => {
  const runs = new Promise<string>(() => {});
  await expect(untilOneEnds([{ ended: runs }, { ended: Promise.resolve("the agent ended") }])).rejects.toThrow(
    "the agent ended",
  );
});
