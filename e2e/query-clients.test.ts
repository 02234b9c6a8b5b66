import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GrafanaApi } from "@myunisoft/loki";
import { temporaryDirectory, type TemporaryDirectory } from "@sluice/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type ServerProcess } from "./world/local.ts";
import { nowNs, pushLines } from "./world/loki-client.ts";
import { findPython } from "./world/python.ts";
import { repositoryDirectory } from "./world/process.ts";

/** Other people's clients that ask Loki get the same answers from Sluice. */
let directory: TemporaryDirectory;
let server: ServerProcess;

beforeAll(async () => {
  directory = await temporaryDirectory();
  server = await startServer({ dataDirectory: join(directory.path, "data") });
  const ns = nowNs() - 10_000_000_000n;
  const web = Array.from(
    { length: 20 },
    (_, i) => [ns + BigInt(i), `level=${i % 4 ? "info" : "error"} n=${i}`] as const,
  );
  expect(await pushLines(server.url, { app: "web", env: "prod" }, web)).toBe(204);
  expect(await pushLines(server.url, { app: "db", env: "prod" }, [[ns, '{"level":"warn","ms":12}']])).toBe(204);
  // Half of what is asked for is in a segment, half in memory.
  expect((await fetch(`${server.url}/flush`, { method: "POST" })).status).toBe(204);
  expect(await pushLines(server.url, { app: "web", env: "dev" }, [[ns + 100n, "level=error fresh"]])).toBe(204);
});

afterAll(async () => {
  await server.stop();
  await directory[Symbol.asyncDispose]();
});

test("@myunisoft/loki (npm): lines, metrics, labels, values, series", async () => {
  const { Loki } = new GrafanaApi({ remoteApiURL: server.url });
  const { streams } = await Loki.queryRangeStream('{app="web"} |= "error"', { start: "1h" });
  const lines = streams.flatMap(({ values }) => values.map(([, line]) => line)).sort();
  expect(lines).toEqual([...[0, 4, 8, 12, 16].map((n) => `level=error n=${n}`), "level=error fresh"].sort());

  const { logs } = await Loki.queryRange('{app="db"} | json | ms > 10', { start: "1h" });
  expect(logs).toEqual(['{"level":"warn","ms":12}']);

  const counted = await Loki.queryRangeMatrix('sum by (env) (count_over_time({app="web"}[1h]))', { start: "1h" });
  const last = counted.metrics.map(({ labels, values }) => [labels["env"], values.at(-1)?.[1]]);
  expect(Object.fromEntries(last)).toEqual({ dev: "1", prod: "20" });

  expect(await Loki.labels()).toEqual(["app", "env", "service_name"]);
  expect(await Loki.labelValues("app")).toEqual(["db", "web"]);
  const series = await Loki.series('{app="web"}');
  expect(new Set(series.map(({ env }: Record<string, string>) => env))).toEqual(new Set(["dev", "prod"]));
});

test("loki-reader-core (PyPI): a query, an instant metric, the newest lines, labels, series, errors", async () => {
  const python = findPython(join(repositoryDirectory, "node_modules", ".cache", "sluice-e2e-python-query"), [
    "loki-reader-core==0.2.5",
  ]);
  const script = join(directory.path, "reader.py");
  await writeFile(
    script,
    `import json, sys
from loki_reader_core import LokiClient
from loki_reader_core.utils import hours_ago_ns, now_ns
from loki_reader_core.exceptions import LokiError

with LokiClient(base_url=sys.argv[1]) as client:
    found = client.query_range('{app="web"} | logfmt | level="error"', hours_ago_ns(1), now_ns(), limit=3)
    newest = client.query(app="web", limit=2)
    instant = client.query('sum(count_over_time({app=~".+"}[1h])) by (app)')
    try:
        client.query_range('{app="web"', hours_ago_ns(1), now_ns())
        error = None
    except LokiError as problem:
        error = str(problem)
    print(json.dumps({
        "found": [entry.message for stream in found.streams for entry in stream.entries],
        "newest": len([entry for stream in newest.streams for entry in stream.entries]),
        "instant": {series.labels["app"]: series.samples[0].value for series in instant.metric_series},
        "labels": client.get_labels(),
        "values": client.get_label_values("env"),
        "series": len(client.get_series(['{app="web"}', '{app="db"}'])),
        "error": error,
    }))
`,
  );
  const run = spawnSync(python, [script, server.url], { encoding: "utf8" });
  expect(run.status, run.stderr).toBe(0);
  const answers = JSON.parse(run.stdout) as Record<string, unknown>;
  expect(answers).toMatchObject({
    found: expect.arrayContaining(["level=error fresh", "level=error n=16", "level=error n=12"]) as unknown,
    newest: 2,
    instant: { db: 1, web: 21 },
    labels: ["app", "env", "service_name"],
    values: ["dev", "prod"],
    series: 3,
    error: expect.stringContaining("parse error at line 1, col 11") as string,
  });
});
