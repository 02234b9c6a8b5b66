import { expect, test } from "vitest";
import { agentConfig, serverConfig } from "./generated-config.ts";

const url = "http://127.0.0.1:3100";
const agent = {
  url,
  host: "box",
  directory: "/data/agent",
  podsRoot: "/data/pods",
  paths: ["/srv/a.log", "/srv/b.log"],
};

test("the alert goes to Slack only when a webhook is given", () => {
  expect(serverConfig({ url, slackWebhookUrl: undefined })).not.toHaveProperty("ruler.slack");
  expect(serverConfig({ url, slackWebhookUrl: "http://hook" })).toHaveProperty(
    "ruler.slack.webhook_url",
    "http://hook",
  );
});

test("the agent follows the demo's pods, the machine's logs and the user's files", () => {
  expect(agentConfig(agent)).toMatchObject({
    positions: { filename: "/data/agent/positions.yaml" },
    clients: [{ url: "http://127.0.0.1:3100/loki/api/v1/push" }],
    scrape_configs: [
      {
        job_name: "kubernetes-pods",
        kubelet_paths: true,
        static_configs: [{ labels: { __path__: "/data/pods/*/*/*.log" } }],
      },
      {
        job_name: "varlogs",
        static_configs: [{ labels: { job: "varlogs", host: "box", __path__: "/var/log/**/*.log" } }],
      },
      {
        job_name: "files",
        static_configs: [{ labels: { __path__: "/srv/a.log" } }, { labels: { __path__: "/srv/b.log" } }],
      },
    ],
  });
});

test("what is not wanted is not followed", () => {
  expect(agentConfig({ ...agent, podsRoot: undefined, paths: [] })).toMatchObject({
    scrape_configs: [{ job_name: "varlogs" }],
  });
});
