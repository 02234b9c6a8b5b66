import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { startServer } from "./world/local.ts";
import { nowNs, pushLines, queryLines } from "./world/loki-client.ts";
import { startProcess } from "./world/process.ts";

/** The command lines that others build on: help, one ready line, and one sentence for whatever is wrong. */
async function failureOf(part: string, ...args: readonly string[]): Promise<string> {
  await using started = startProcess("node", [`apps/${part}/src/main.ts`, ...args]);
  expect(await started.ended()).toBe(1);
  return started.output().trim();
}

test.for(["server", "agent"])("%s --help shows every flag and ends well", async (part) => {
  await using started = startProcess("node", [`apps/${part}/src/main.ts`, "--help"]);
  expect(await started.ended()).toBe(0);
  for (const flag of part === "server" ? ["--data", "--listen", "--config", "--help"] : ["--config", "--help"]) {
    expect(started.output()).toContain(flag);
  }
});

test("the server says in one sentence what is wrong", async () => {
  await using directory = await temporaryDirectory();
  const data = join(directory.path, "data");
  const config = join(directory.path, "server.yaml");
  const file = join(directory.path, "file");
  writeFileSync(file, "");

  expect(await failureOf("server")).toMatch(/^missing --data <dir>.*$/u);
  expect(await failureOf("server", "--data", data, "--dta")).toMatch(/^Unknown option '--dta'.*$/u);
  expect(await failureOf("server", "--data", data, "--listen", "here")).toMatch(
    /^cannot listen on 'here': expected host:port.*$/u,
  );
  expect(await failureOf("server", "--data", join(file, "x"))).toMatch(
    /^cannot use .*: a file is in the way \(ENOTDIR\)$/u,
  );

  writeFileSync(config, "server:\n  htp_listen_port: 1\n");
  expect(await failureOf("server", "--data", data, "--config", config)).toBe(
    `${config}:2: server.htp_listen_port: unknown key, did you mean http_listen_port?`,
  );
  writeFileSync(
    config,
    'ruler:\n  groups:\n    - name: g\n      rules:\n        - alert: A\n          expr: "sum(count_over_time({a=}[1m]))"\n',
  );
  expect(await failureOf("server", "--data", data, "--config", config)).toMatch(
    /^[^\n]*parse error at line 1, col \d+: syntax error: [^\n]*$/u,
  );

  const busy = createServer();
  await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve));
  const { port } = busy.address() as AddressInfo;
  expect(await failureOf("server", "--data", data, "--listen", `127.0.0.1:${port}`)).toMatch(
    new RegExp(`^cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use.*$`, "u"),
  );
  busy.close();
});

test("two servers do not share a data directory", async () => {
  await using directory = await temporaryDirectory();
  await using _first = await startServer({ dataDirectory: directory.path });
  expect(await failureOf("server", "--data", directory.path, "--listen", "127.0.0.1:0")).toMatch(
    /^[^\n]*(in use|locked|another process)[^\n]*$/u,
  );
});

test("bad input is a 4xx that names the offending thing, and the server lives", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer({
    dataDirectory: join(directory.path, "data"),
    config: { server: { push_body_bytes_max: 1000 } },
  });
  await pushLines(server.url, { app: "x" }, [[nowNs(), "a good line"]]);

  const push = async (contentType: string, body: string | Uint8Array): Promise<string> => {
    const response = await fetch(`${server.url}/loki/api/v1/push`, {
      method: "POST",
      headers: { "Content-Type": contentType },
      body: body as BodyInit,
    });
    return `${response.status} ${(await response.text()).trim()}`;
  };
  expect(await push("application/x-protobuf", "garbage")).toMatch(/^400 snappy: corrupt input$/u);
  expect(await push("application/json", "{")).toMatch(/^400 /u);
  expect(await push("application/json", '{"streams":[]}')).toMatch(/^422 error at least one valid stream is required/u);
  expect(await push("application/json", '{"streams":[{"stream":{"a-b":"1"},"values":[["1","x"]]}]}')).toMatch(
    /^400 .*unexpected character inside braces: '-'/u,
  );
  expect(await push("application/json", "x".repeat(2000))).toMatch(/^413 request body too large/u);

  const query = async (text: string): Promise<string> => {
    const response = await fetch(`${server.url}/loki/api/v1/query_range?${new URLSearchParams({ query: text })}`);
    return `${response.status} ${(await response.text()).trim()}`;
  };
  expect(await query("{a='b'}")).toBe(
    "400 parse error at line 1, col 4: syntax error: unexpected IDENTIFIER, expecting STRING",
  );
  expect(await query('{a=~".*"}')).toMatch(
    /^400 parse error : queries require at least one regexp or equality matcher/u,
  );
  expect(await query('{a=~"("}')).toMatch(/^400 .*error parsing regexp: missing closing \)/u);
  const tenant = await fetch(`${server.url}/loki/api/v1/labels`, { headers: { "X-Scope-OrgID": "a/b" } });
  expect(`${tenant.status} ${(await tenant.text()).trim()}`).toBe(
    "400 tenant ID 'a/b' contains unsupported character '/'",
  );

  expect((await queryLines(server.url, '{app="x"}')).map(({ line }) => line)).toEqual(["a good line"]);
});

test("tenants do not see each other's lines", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer({ dataDirectory: join(directory.path, "data") });
  for (const tenant of ["red", "blue"]) {
    await pushLines(server.url, { app: tenant }, [[nowNs(), `line of ${tenant}`]], { "X-Scope-OrgID": tenant });
  }
  for (const tenant of ["red", "blue"]) {
    const lines = await queryLines(server.url, '{app=~".+"}', { "X-Scope-OrgID": tenant });
    expect(lines.map(({ line }) => line)).toEqual([`line of ${tenant}`]);
  }
  expect(await queryLines(server.url, '{app=~".+"}')).toEqual([]);
});

test("the agent says in one sentence what is wrong", async () => {
  await using directory = await temporaryDirectory();
  const config = join(directory.path, "agent.yaml");
  mkdirSync(join(directory.path, "logs"));
  expect(await failureOf("agent")).toMatch(/^--config is required: [^\n]*$/u);
  expect(await failureOf("agent", "--config", join(directory.path, "none.yaml"))).toMatch(
    /^cannot read the config file .*none\.yaml: ENOENT.*$/u,
  );
  writeFileSync(config, "clients:\n  - url: http://127.0.0.1:1/loki/api/v1/push\n    batchwat: 1s\n");
  expect(await failureOf("agent", "--config", config)).toMatch(/^[^\n]*agent\.yaml:3: clients\.0\.batchwat[^\n]*$/u);
});
