import { isLabelName } from "@sluice/model";
import { DurationMs, loadYamlConfig, logLevels, parseYamlConfig } from "@sluice/service";
import { z } from "zod";

/** A key of Promtail's that is known here and has no effect yet: a config that relies on it must not start quietly. */
const notYet = z.never({ error: "not supported yet" }).optional();

/** A key that Promtail has and that changes nothing here; accepted with any value. */
const ignored = z.unknown().optional();

function notYetKeys<const Names extends readonly string[]>(names: Names): Record<Names[number], typeof notYet> {
  return Object.fromEntries(names.map((name) => [name, notYet])) as Record<Names[number], typeof notYet>;
}

const Scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const ServerConfig = z.strictObject({
  http_listen_address: z.string().default("127.0.0.1"),
  /** 0 takes any free port. */
  http_listen_port: z.int().min(0).max(65_535).default(9080),
  log_level: z.enum(logLevels, { error: `expected one of ${logLevels.join(", ")}` }).default("info"),
  grpc_listen_address: ignored,
  grpc_listen_port: ignored,
  log_format: ignored,
  graceful_shutdown_timeout: ignored,
  ...notYetKeys([
    "disable",
    "http_path_prefix",
    "external_url",
    "http_tls_config",
    "profiling_enabled",
    "health_check_target",
    "enable_runtime_reload",
  ]),
});

const BackoffConfig = z.strictObject({
  min_period: DurationMs.prefault("500ms"),
  max_period: DurationMs.prefault("5m"),
  /** 0 tries for ever, the default: nothing is given up while the files are still there. */
  max_retries: z.int().min(0).default(0),
});

const BasicAuth = z.strictObject({
  username: z.string(),
  password: z.string().optional(),
  password_file: z.string().optional(),
});

const LabelRecord = z
  .record(z.string(), Scalar)
  .superRefine((labels, context) => {
    for (const name of Object.keys(labels)) {
      if (!isLabelName(name)) {
        context.addIssue({ code: "custom", path: [name], message: "not a label name ([a-zA-Z_][a-zA-Z0-9_]*)" });
      }
    }
  })
  .nullish()
  .transform((labels) => labels ?? {});

const ClientConfig = z
  .strictObject({
    name: z.string().optional(),
    url: z.url({ protocol: /^https?$/u, error: "expected an http or https URL" }),
    tenant_id: Scalar.optional(),
    /** The longest that an entry waits for its batch to fill. */
    batchwait: DurationMs.prefault("1s"),
    /** A batch is sent when its encoded entries reach this many bytes. */
    batchsize: z.int().min(1).max(67_108_864).default(1_048_576),
    timeout: DurationMs.prefault("10s"),
    headers: z.record(z.string(), Scalar).default({}),
    external_labels: LabelRecord,
    backoff_config: BackoffConfig.prefault({}),
    basic_auth: BasicAuth.optional(),
    bearer_token: z.string().optional(),
    bearer_token_file: z.string().optional(),
    ...notYetKeys([
      "authorization",
      "oauth2",
      "proxy_url",
      "tls_config",
      "follow_redirects",
      "drop_rate_limited_batches",
    ]),
  })
  .superRefine((client, context) => {
    const schemes = [client.basic_auth, client.bearer_token, client.bearer_token_file];
    if (schemes.filter((scheme) => scheme !== undefined).length > 1) {
      context.addIssue({
        code: "custom",
        message: "at most one of basic_auth, bearer_token and bearer_token_file can be set",
      });
    }
  });

const PositionsConfig = z.strictObject({
  filename: z.string().min(1).default("/var/log/positions.yaml"),
  sync_period: DurationMs.prefault("10s"),
  ignore_invalid_yaml: ignored,
});

const CriStage = z
  .strictObject({
    ...notYetKeys(["max_partial_lines", "max_partial_line_size", "max_partial_line_size_truncate"]),
  })
  .nullable();

const PipelineStage = z
  .record(z.string(), z.unknown())
  .refine((stage) => Object.keys(stage).length === 1, "a pipeline stage must contain only one key")
  .pipe(
    z.strictObject({
      cri: CriStage.optional(),
      ...notYetKeys([
        "docker",
        "json",
        "logfmt",
        "regex",
        "multiline",
        "timestamp",
        "labels",
        "labeldrop",
        "labelallow",
        "static_labels",
        "structured_metadata",
        "non_indexed_labels",
        "output",
        "match",
        "drop",
        "limit",
        "sampling",
        "pack",
        "replace",
        "template",
        "tenant",
        "metrics",
        "decolorize",
        "eventlogmessage",
        "geoip",
      ]),
    }),
  );

const StaticLabels = LabelRecord.superRefine((labels, context) => {
  if (labels["__path__"] === undefined) {
    context.addIssue({ code: "custom", message: "needs a __path__: the glob of the files to follow" });
  }
  for (const name of Object.keys(labels)) {
    if (name.startsWith("__") && name !== "__path__" && name !== "__path_exclude__") {
      context.addIssue({
        code: "custom",
        path: [name],
        message: "of the names that start with __ only __path__ and __path_exclude__ are understood",
      });
    }
  }
});

const StaticConfig = z.strictObject({ targets: ignored, labels: StaticLabels });

const oneStaticConfig = "needs at least one static config: the labels and the __path__ of the files";

const ScrapeConfig = z.strictObject({
  job_name: z.string().min(1),
  pipeline_stages: z
    .array(PipelineStage)
    .nullish()
    .transform((stages) => stages ?? []),
  static_configs: z.array(StaticConfig, oneStaticConfig).min(1, oneStaticConfig),
  /**
   * Not Promtail's: the files are the kubelet's, `<root>/<namespace>_<pod>_<uid>/<container>/<n>.log`. Their labels come
   * from the path, and their lines are CRI lines whether or not `pipeline_stages` says so.
   */
  kubelet_paths: z.boolean().default(false),
  ...notYetKeys([
    "kubernetes_sd_configs",
    "file_sd_configs",
    "docker_sd_configs",
    "consul_sd_configs",
    "consulagent_sd_configs",
    "relabel_configs",
    "journal",
    "syslog",
    "loki_push_api",
    "gelf",
    "kafka",
    "gcplog",
    "azure_event_hubs",
    "cloudflare",
    "heroku_drain",
    "windows_events",
    "encoding",
    "decompression",
  ]),
});

const oneClient = "at least one client is needed: where to send the logs";
const oneScrapeConfig = "at least one scrape config is needed: what to follow";

/** The whole configuration: Promtail's YAML, as far as it is supported, and what is said about the rest of it. */
export const AgentConfig = z
  .strictObject({
    server: ServerConfig.prefault({}),
    clients: z.array(ClientConfig, oneClient).min(1, oneClient),
    positions: PositionsConfig.prefault({}),
    target_config: z.strictObject({ sync_period: DurationMs.prefault("10s"), ...notYetKeys(["stdin"]) }).prefault({}),
    scrape_configs: z.array(ScrapeConfig, oneScrapeConfig).min(1, oneScrapeConfig),
    options: ignored,
    tracing: ignored,
    client: z.strictObject({ external_labels: z.strictObject({}).nullish() }).nullish(),
    limits_config: z.null({ error: "not supported yet" }).optional(),
    ...notYetKeys(["global", "wal"]),
  })
  .superRefine((config, context) => {
    const seen = new Set<string>();
    for (const [index, { job_name: name }] of config.scrape_configs.entries()) {
      if (seen.has(name)) {
        context.addIssue({
          code: "custom",
          path: ["scrape_configs", index, "job_name"],
          message: `there is already a scrape config with the name '${name}'`,
        });
      }
      seen.add(name);
    }
  });

export type AgentConfig = z.output<typeof AgentConfig>;
export type ClientConfig = AgentConfig["clients"][number];
export type ScrapeConfig = AgentConfig["scrape_configs"][number];

/**
 * Reads the YAML file.
 *
 * @throws {ServiceError} `bad_data`: the file, the line, the key and what is wrong with it.
 */
export function loadConfig(path: string): AgentConfig {
  return loadYamlConfig(path, AgentConfig);
}

/** {@link loadConfig} for text; `name` stands for the file in errors. */
export function parseConfig(name: string, text: string): AgentConfig {
  return parseYamlConfig(name, text, AgentConfig);
}

/** What clients are called in metrics and logs: the host of the URL, as Promtail has it. */
export function hostOf(client: ClientConfig): string {
  return new URL(client.url).host;
}

/** The URL without a password, fit for logs and pages. */
export function printableUrl(url: string): string {
  const parsed = new URL(url);
  parsed.username = "";
  parsed.password = "";
  return parsed.href;
}
