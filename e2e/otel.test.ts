import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SeverityNumber } from "@opentelemetry/api";
import { OTLPLogExporter as JsonExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtobufExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from "@opentelemetry/sdk-logs";
import { temporaryDirectory, type TemporaryDirectory } from "@sluice/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, startServer, type ServerProcess } from "./world/local.ts";
import { queryLines, type LogLine } from "./world/loki-client.ts";
import { repositoryDirectory } from "./world/process.ts";
import { findPython } from "./world/python.ts";

/** OpenTelemetry's own SDKs deliver to Sluice. */
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

async function delivered(service: string, count: number): Promise<readonly LogLine[]> {
  return eventually(`${count} lines of ${service}`, 20_000, async () => {
    const lines = await queryLines(server.url, `{service_name="${service}"}`);
    return lines.length >= count ? lines : undefined;
  });
}

interface Case {
  readonly service: string;
  readonly exporter: () => LogRecordExporter;
}

test.for<Case>([
  { service: "otel-protobuf", exporter: () => new ProtobufExporter({ url: `${server.url}/otlp/v1/logs` }) },
  { service: "otel-json", exporter: () => new JsonExporter({ url: `${server.url}/otlp/v1/logs` }) },
])("$service (npm)", async ({ service, exporter }) => {
  const resource = resourceFromAttributes({ "service.name": service, "host.name": "here" });
  const processors = [new BatchLogRecordProcessor({ exporter: exporter() })];
  const provider = new LoggerProvider({ resource, processors });
  const logger = provider.getLogger("library", "1.0");
  logger.emit({
    timestamp: Date.now() - 1000,
    severityNumber: SeverityNumber.INFO,
    severityText: "INFO",
    body: "hello",
    attributes: { status: 200, tags: ["a", "b"] },
  });
  logger.emit({ severityNumber: SeverityNumber.ERROR, body: { what: "failure", code: 1.5 } });
  await provider.shutdown();
  const [first, second] = await delivered(service, 2);
  expect(first).toMatchObject({
    line: "hello",
    labels: { service_name: service, host_name: "here", scope_name: "library", status: "200", detected_level: "info" },
  });
  expect(first!.labels["tags"]).toBe('["a","b"]');
  expect(second).toMatchObject({ line: '{"code":1.5,"what":"failure"}', labels: { detected_level: "error" } });
});

test("opentelemetry-exporter-otlp-proto-http (PyPI), compressed", async () => {
  const python = findPython(join(repositoryDirectory, "node_modules", ".cache", "sluice-e2e-otel"), [
    "opentelemetry-sdk==1.45.2",
    "opentelemetry-exporter-otlp-proto-http==1.45.2",
  ]);
  const script = join(directory.path, "client.py");
  await writeFile(
    script,
    `import logging, sys
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
provider = LoggerProvider(resource=Resource.create({"service.name": "otel-python", "deployment.environment": "test"}))
exporter = OTLPLogExporter(endpoint=sys.argv[1] + "/otlp/v1/logs", compression=Compression.Gzip)
provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
logger = logging.getLogger("sluice")
logger.addHandler(LoggingHandler(logger_provider=provider))
logger.setLevel(logging.INFO)
logger.info("hello from python")
try:
    raise ValueError("boom")
except ValueError:
    logger.exception("it failed")
provider.shutdown()
`,
  );
  const run = spawnSync(python, [script, server.url], { encoding: "utf8" });
  expect(run.status, run.stderr).toBe(0);
  const [first, second] = await delivered("otel-python", 2);
  expect(first).toMatchObject({
    line: "hello from python",
    labels: { deployment_environment: "test", detected_level: "info", severity_text: "INFO" },
  });
  expect(second).toMatchObject({
    line: "it failed",
    labels: { detected_level: "error", exception_type: "ValueError" },
  });
});
