import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory, type TemporaryDirectory } from "@sluice/testkit";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import winston from "winston";
import LokiTransport from "winston-loki";
import { eventually, startServer, type ServerProcess } from "./world/local.ts";
import { queryLines, type LogLine } from "./world/loki-client.ts";
import { findPython } from "./world/python.ts";
import { repositoryDirectory } from "./world/process.ts";

/** Other people's clients that push to Loki deliver to Sluice. */
let directory: TemporaryDirectory;
let server: ServerProcess;

beforeAll(async () => {
  directory = await temporaryDirectory();
  server = await startServer({ dataDirectory: join(directory.path, "data") });
});

afterAll(async () => {
  await server.stop();
  await directory[Symbol.asyncDispose]();
});

async function delivered(query: string, count: number): Promise<readonly LogLine[]> {
  return eventually(`${count} lines of ${query}`, 20_000, async () => {
    const lines = await queryLines(server.url, query);
    return lines.length >= count ? lines : undefined;
  });
}

test("pino-loki (npm)", async () => {
  const transport = pino.transport({
    target: "pino-loki",
    options: { host: server.url, labels: { app: "pino-app" }, batching: { interval: 1 } },
  });
  const logger = pino({ level: "info" }, transport);
  logger.info({ requestId: "req-pino" }, "hello from pino");
  logger.error("failure from pino");
  const lines = await delivered('{app="pino-app"}', 2);
  // Both lines may bear the same millisecond, and each level is a stream of its own.
  const messages = lines.map(({ line }) => (JSON.parse(line) as { msg: string }).msg).sort((a, b) => (a < b ? -1 : 1));
  expect(messages).toEqual(["failure from pino", "hello from pino"]);
  transport.end();
});

test("winston-loki (npm): protobuf and JSON", async () => {
  for (const json of [true, false]) {
    const app = json ? "winston-json" : "winston-protobuf";
    const logger = winston.createLogger({
      transports: [
        new LokiTransport({
          host: server.url,
          labels: { app },
          json,
          batching: true,
          interval: 1,
          format: winston.format.json(),
        }),
      ],
    });
    logger.info("hello from winston");
    logger.warn("careful, says winston");
    const lines = await delivered(`{app="${app}"}`, 2);
    expect(lines.map(({ line }) => line).join("\n")).toMatch(/hello from winston[\s\S]*careful, says winston/u);
    logger.close();
  }
});

test("python-logging-loki (PyPI)", async () => {
  const python = findPython(join(repositoryDirectory, "node_modules", ".cache", "sluice-e2e-python"), [
    "python-logging-loki==0.3.1",
  ]);
  const script = join(directory.path, "client.py");
  await writeFile(
    script,
    `import logging, sys, logging_loki
handler = logging_loki.LokiHandler(url=sys.argv[1] + "/loki/api/v1/push", tags={"app": "python-app"}, version="1")
logger = logging.getLogger("sluice")
logger.addHandler(handler)
logger.setLevel(logging.INFO)
for i in range(5):
    logger.info("hello from python %d", i)
try:
    raise ValueError("boom")
except ValueError:
    logger.exception("it failed")
`,
  );
  const run = spawnSync(python, [script, server.url], { encoding: "utf8" });
  expect(run.status, run.stderr).toBe(0);
  expect(run.stderr).toBe("");
  const lines = await delivered('{app="python-app"}', 6);
  expect(lines.slice(0, 5).map(({ line }) => line)).toEqual([0, 1, 2, 3, 4].map((i) => `hello from python ${i}`));
  expect(lines[5]!.line).toContain("ValueError: boom");
  expect(lines[5]!.labels).toMatchObject({ app: "python-app", severity: "error" });
});
