import { temporaryDirectory } from "@sluice/testkit";
import { ServerConfig } from "../src/config.ts";
import { startServer } from "../src/server.ts";

/** The real server on a free port, over a directory of its own; both go away at the end of the `await using` block. */
export interface TestServer extends AsyncDisposable {
  readonly address: string;
  /** Stops it before the end. */
  stop(): Promise<void>;
  /** Pushes lines of one stream, now. */
  push(stream: Readonly<Record<string, string>>, ...lines: readonly string[]): Promise<void>;
}

/** @param config what a configuration file would hold. */
export async function startTestServer(config: unknown = {}): Promise<TestServer> {
  const directory = await temporaryDirectory();
  const server = await startServer({
    dataDirectory: directory.path,
    listen: { host: "127.0.0.1", port: 0 },
    uiDirectory: undefined,
    logLevel: "error",
    config: ServerConfig.parse(config),
  });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= server.stop());
  return {
    address: server.address,
    stop,
    async push(stream, ...lines) {
      const firstNs = BigInt(Date.now()) * 1_000_000n;
      const values = lines.map((line, i) => [String(firstNs + BigInt(i)), line]);
      const response = await fetch(`${server.address}/loki/api/v1/push`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ streams: [{ stream, values }] }),
      });
      if (response.status !== 204) {
        throw new Error(`push: ${response.status} ${await response.text()}`);
      }
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await directory[Symbol.asyncDispose]();
    },
  };
}
