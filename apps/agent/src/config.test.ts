import { ServiceError } from "@sluice/model";
import { expect, test } from "vitest";
import { parseConfig } from "./config.ts";
import { targetsOf } from "./discovery/target.ts";

const minimal = `clients:
  - url: http://sluice:3100/loki/api/v1/push
scrape_configs:
  - job_name: system
    static_configs:
      - targets: [localhost]
        labels:
          job: varlogs
          __path__: /var/log/*.log
`;

test("the smallest config has Promtail's defaults, except that it never gives up", () => {
  const config = parseConfig("a.yaml", minimal);
  expect(config.clients[0]).toMatchObject({
    batchwait: 1000,
    batchsize: 1_048_576,
    timeout: 10_000,
    backoff_config: { min_period: 500, max_period: 300_000, max_retries: 0 },
  });
  expect(config.positions).toMatchObject({ filename: "/var/log/positions.yaml", sync_period: 10_000 });
  expect(config.target_config.sync_period).toBe(10_000);
  expect(config.server).toMatchObject({ http_listen_address: "127.0.0.1", http_listen_port: 9080, log_level: "info" });
});

test("what Promtail's documentation starts with is understood as it is", () => {
  const config = parseConfig(
    "a.yaml",
    `server:
  http_listen_port: 9080
  grpc_listen_port: 0
positions:
  filename: /tmp/positions.yaml
clients:
  - url: http://localhost:3100/loki/api/v1/push
    external_labels: {cluster: 7}
client: {external_labels: {}}
limits_config:
target_config: {sync_period: 5s}
scrape_configs:
  - job_name: system
    pipeline_stages:
    static_configs:
      - targets:
          - localhost
        labels:
          job: varlogs
          __path__: /var/log/{a,b}/*.log
          __path_exclude__: /var/log/b/x*.log
  - job_name: pods
    pipeline_stages: [{cri: {}}]
    static_configs: [{labels: {__path__: /x/*.log, port: 80}}]
`,
  );
  const [system, pods] = targetsOf(config);
  expect(system).toMatchObject({ job: "system", format: "plain" });
  expect(["/var/log/a/1.log", "/var/log/b/x1.log"].map(system!.accepts)).toEqual([true, false]);
  expect(pods).toMatchObject({ job: "pods", format: "cri" });
  expect(pods!.labelsOf("/x/1.log")).toEqual([
    { name: "filename", value: "/x/1.log" },
    { name: "port", value: "80" },
  ]);
  expect(config.clients[0]!.external_labels).toEqual({ cluster: "7" });
});

test("every target has a key of its own", () => {
  const same = "{labels: {__path__: /x/*.log, a: b}}";
  const config = parseConfig("a.yaml", `${minimal}  - {job_name: two, static_configs: [${same}, ${same}]}\n`);
  expect(targetsOf(config).map(({ key }) => key)).toEqual(["system /var/log/*.log", "two /x/*.log", "two /x/*.log #2"]);
});

const scrape = (lines: string): string => `${minimal}${lines}`;
const first = "scrape_configs.0";

test.for([
  [
    "",
    "a.yaml:1: clients: at least one client is needed: where to send the logs; a.yaml:1: scrape_configs: at least one scrape config is needed: what to follow",
  ],
  [minimal.replace("http://", "ftp://"), "a.yaml:2: clients.0.url: expected an http or https URL"],
  [
    minimal.replace("scrape", "    batchwait: 5 parsecs\nscrape"),
    'a.yaml:3: clients.0.batchwait: not a valid duration string: "5 parsecs"',
  ],
  [
    minimal.replace("scrape", "    batchwaits: 5s\nscrape"),
    "a.yaml:3: clients.0.batchwaits: unknown key, did you mean batchwait?",
  ],
  [minimal.replace("scrape", "    tls_config: {}\nscrape"), "a.yaml:3: clients.0.tls_config: not supported yet"],
  [
    minimal.replace("scrape", "    bearer_token: a\n    basic_auth: {username: b}\nscrape"),
    "a.yaml:2: clients.0: at most one of basic_auth, bearer_token and bearer_token_file can be set",
  ],
  [
    scrape("    kubernetes_sd_configs: [{role: pod}]\n"),
    `a.yaml:10: ${first}.kubernetes_sd_configs: not supported yet`,
  ],
  [scrape("    relabel_configs: []\n"), `a.yaml:10: ${first}.relabel_configs: not supported yet`],
  [scrape("    journal: {}\n"), `a.yaml:10: ${first}.journal: not supported yet`],
  [scrape("    static_config: []\n"), `a.yaml:10: ${first}.static_config: unknown key, did you mean static_configs?`],
  [
    scrape("    pipeline_stages:\n      - cri: {}\n      - json: {expressions: {a: b}}\n"),
    `a.yaml:12: ${first}.pipeline_stages.1.json: not supported yet`,
  ],
  [
    scrape("    pipeline_stages:\n      - cri: {}\n      - jsonn: {}\n"),
    `a.yaml:12: ${first}.pipeline_stages.1.jsonn: unknown key`,
  ],
  [
    scrape("    pipeline_stages: [{}]\n"),
    `a.yaml:10: ${first}.pipeline_stages.0: a pipeline stage must contain only one key`,
  ],
  [scrape("wal: {enabled: true}\n"), "a.yaml:10: wal: not supported yet"],
  [scrape("limits_config: {readline_rate: 5}\n"), "a.yaml:10: limits_config: not supported yet"],
  [scrape("server: {log_level: loud}\n"), "a.yaml:10: server.log_level: expected one of debug, info, warn, error"],
  [
    minimal.replace("__path__: /var/log/*.log", "x: y"),
    `a.yaml:7: ${first}.static_configs.0.labels: needs a __path__: the glob of the files to follow`,
  ],
  [
    scrape("          __host__: me\n"),
    `a.yaml:10: ${first}.static_configs.0.labels.__host__: of the names that start with __ only __path__ and __path_exclude__ are understood`,
  ],
  [
    scrape("          a-b: c\n"),
    `a.yaml:10: ${first}.static_configs.0.labels.a-b: not a label name ([a-zA-Z_][a-zA-Z0-9_]*)`,
  ],
  [
    scrape("  - job_name: system\n    static_configs: [{labels: {__path__: /x}}]\n"),
    "a.yaml:10: scrape_configs.1.job_name: there is already a scrape config with the name 'system'",
  ],
  [minimal.replace("    static", "    x\n    static"), /^a\.yaml:\d+: /u],
] as const)("a bad config, %#", ([text, message]) => {
  const error = typeof message === "string" ? new ServiceError("bad_data", message) : message;
  expect(() => parseConfig("a.yaml", text)).toThrow(error);
});
