import { join } from "node:path";

/** The server's configuration for a local stack: the demo's alert rule, and where it goes. */
export function serverConfig(options: { readonly url: string; readonly slackWebhookUrl: string | undefined }): object {
  return {
    ruler: {
      evaluation_interval: "15s",
      external_url: options.url,
      ...(options.slackWebhookUrl === undefined ? {} : { slack: { webhook_url: options.slackWebhookUrl } }),
      groups: [
        {
          name: "ai-errors",
          rules: [
            {
              alert: "AiErrors",
              expr: 'sum(count_over_time({namespace="ai-prod"} |~ "error|rate_limited" [1m])) > 5',
              for: "0s",
              labels: { severity: "page" },
              annotations: { summary: "The AI application logged {{ $value }} errors within a minute" },
            },
          ],
        },
      ],
    },
  };
}

export interface AgentConfigOptions {
  /** The server's base URL. */
  readonly url: string;
  readonly host: string;
  /** The agent's own files go here. */
  readonly directory: string;
  /** The demo's pod logs, laid out as the kubelet does; undefined without the demo. */
  readonly podsRoot: string | undefined;
  readonly paths: readonly string[];
}

/** The agent's configuration for a local stack, in Promtail's words. */
export function agentConfig(options: AgentConfigOptions): object {
  const { host } = options;
  return {
    // Any free port: nothing here asks the agent.
    server: { http_listen_address: "127.0.0.1", http_listen_port: 0 },
    positions: { filename: join(options.directory, "positions.yaml") },
    clients: [{ url: `${options.url}/loki/api/v1/push` }],
    scrape_configs: [
      ...(options.podsRoot === undefined ? [] : [podsJob(options.podsRoot)]),
      {
        job_name: "varlogs",
        static_configs: [
          {
            labels: {
              job: "varlogs",
              host,
              __path__: "/var/log/**/*.log",
              // A node's pods have their own labels; here they would be in twice.
              __path_exclude__: "/var/log/{pods,containers}/**",
            },
          },
        ],
      },
      ...(options.paths.length === 0
        ? []
        : [
            {
              job_name: "files",
              static_configs: options.paths.map((path) => ({ labels: { job: "files", host, __path__: path } })),
            },
          ]),
    ],
  };
}

/** The labels come from the path, and the lines are CRI lines. */
function podsJob(podsRoot: string): object {
  return {
    job_name: "kubernetes-pods",
    kubelet_paths: true,
    static_configs: [{ labels: { __path__: join(podsRoot, "*/*/*.log") } }],
  };
}
