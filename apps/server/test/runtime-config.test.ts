import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { startTestServer } from "./start-test-server.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** A real server process with a file of overrides. */
interface ServerProcess extends AsyncDisposable {
  readonly address: string;
  readonly process: ChildProcess;
  /** Everything it said so far. */
  readonly output: () => string;
  readonly writeOverrides: (text: string) => void;
}

async function startProcess(overrides: string, period: string): Promise<ServerProcess> {
  const directory = await temporaryDirectory();
  const file = join(directory.path, "overrides.yaml");
  const writeOverrides = (text: string): void => {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  writeOverrides(overrides);
  const config = join(directory.path, "server.yaml");
  writeFileSync(config, `runtime_config:\n  file: ${file}\n  period: ${period}\n`);
  const data = join(directory.path, "data");
  const child = spawn(process.execPath, [main, "--data", data, "--listen", "127.0.0.1:0", "--config", config]);
  const ended = once(child, "exit");
  let output = "";
  const address = await new Promise<string>((resolve, reject) => {
    const hear = (part: Buffer): void => {
      output += part.toString();
      const found = /server ready on (\S+)/u.exec(output);
      if (found !== null) {
        resolve(found[1]!);
      }
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", () => reject(new Error(output)));
  });
  return {
    address,
    process: child,
    output: () => output,
    writeOverrides,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
      await directory[Symbol.asyncDispose]();
    },
  };
}

async function pushStatus(address: string, tenant: string, line: string): Promise<number> {
  const response = await fetch(`${address}/loki/api/v1/push`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Scope-OrgID": tenant },
    body: JSON.stringify({ streams: [{ stream: { app: "x" }, values: [[`${Date.now()}000000`, line]] }] }),
  });
  return response.status;
}

async function textOf(address: string, path: string): Promise<string> {
  return (await fetch(`${address}${path}`)).text();
}

test("overrides hold for their tenant alone, change on SIGHUP, and survive a broken file", async () => {
  await using server = await startProcess("overrides:\n  acme: { max_line_size: 10 }\n", "1h");
  const { address, writeOverrides } = server;
  const line = "longer than ten";
  const statuses = async (): Promise<readonly number[]> => [
    await pushStatus(address, "acme", line),
    await pushStatus(address, "other", line),
  ];
  expect(await statuses()).toEqual([400, 204]);

  writeOverrides("overrides:\n  other: { max_line_size: 5B }\n");
  expect(await statuses()).toEqual([400, 204]);
  server.process.kill("SIGHUP");
  await expect.poll(statuses, { timeout: 5000 }).toEqual([204, 400]);

  writeOverrides("overrides:\n  other:\n    max_line_sise: 5\n");
  server.process.kill("SIGHUP");
  await expect
    .poll(server.output, { timeout: 5000 })
    .toContain("overrides.yaml:3: overrides.other.max_line_sise: unknown key, did you mean max_line_size?");
  expect(await statuses()).toEqual([204, 400]);
  expect(await textOf(address, "/metrics")).toMatch(/^sluice_runtime_config_last_reload_successful 0$/mu);

  writeOverrides("overrides: {}\n");
  server.process.kill("SIGHUP");
  await expect.poll(statuses, { timeout: 5000 }).toEqual([204, 204]);
  expect(await textOf(address, "/metrics")).toMatch(/^sluice_runtime_config_last_reload_successful 1$/mu);
}, 30_000);

test("the file is read again every period", async () => {
  await using server = await startProcess("overrides: {}\n", "50ms");
  expect(await pushStatus(server.address, "acme", "a line")).toBe(204);
  server.writeOverrides("overrides:\n  acme: { max_line_size: 1 }\n");
  await expect.poll(() => pushStatus(server.address, "acme", "a line"), { timeout: 5000 }).toBe(400);
}, 30_000);

test("a server does not start over a broken file of overrides", async () => {
  await expect(startProcess("overrides:\n  acme: { query_timeout: soon }\n", "1h")).rejects.toThrow(
    /overrides\.yaml:2: overrides\.acme\.query_timeout: not a valid duration string: "soon"\n$/u,
  );
}, 30_000);

test("what is in force is shown as a file would write it, without secrets", async () => {
  await using server = await startTestServer({
    limits_config: { retention_stream: [{ selector: '{app="x"}', period: "3d" }], max_line_size: "1MB" },
    ruler: { slack: { webhook_url: "https://hooks.slack.com/services/secret" } },
  });
  const config = parse(await textOf(server.address, "/config")) as Record<string, Record<string, unknown>>;
  expect(config["limits_config"]).toMatchObject({
    max_line_size: "1MB",
    query_timeout: "1m",
    retention_stream: [{ selector: '{app="x"}', priority: 0, period: "3d" }],
  });
  expect(config["ruler"]?.["slack"]).toEqual({ webhook_url: "********", timeout: "10s" });
  const differences = parse(await textOf(server.address, "/config?mode=diff")) as Record<string, unknown>;
  expect(differences["limits_config"]).toEqual({
    max_line_size: "1MB",
    retention_stream: [{ selector: '{app="x"}', priority: 0, period: "3d" }],
  });
  const defaults = parse(await textOf(server.address, "/config?mode=defaults")) as Record<string, unknown>;
  expect(defaults["limits_config"]).toMatchObject({ max_line_size: "256KB", retention_stream: [] });
  expect(parse(await textOf(server.address, "/runtime_config"))).toEqual({ overrides: {} });
});

test("overrides are shown whole, or as what differs", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "overrides.yaml");
  writeFileSync(file, "overrides:\n  acme: { max_line_size: 1MB, query_timeout: 5m }\n");
  await using server = await startTestServer({ runtime_config: { file }, limits_config: { max_query_series: 7 } });
  expect(parse(await textOf(server.address, "/runtime_config?mode=diff"))).toEqual({
    overrides: { acme: { max_line_size: "1MB", query_timeout: "5m" } },
  });
  expect(parse(await textOf(server.address, "/runtime_config"))).toMatchObject({
    overrides: { acme: { max_line_size: "1MB", query_timeout: "5m", max_query_series: 7, retention_period: "0s" } },
  });
  expect(await textOf(server.address, "/metrics")).toContain(
    'sluice_limits_overrides{tenant="acme",limit="max_line_size"} 1048576',
  );
});
