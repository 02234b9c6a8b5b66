import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeFileSystem } from "@sluice/model/node";
import { parseYamlConfig } from "@sluice/service";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { readWebhookUrl, RulerConfig } from "./ruler-config.ts";

const good = `
external_url: https://logs.example.com
slack:
  webhook_url: https://hooks.slack.com/services/T/B/secret
groups:
  - name: ai
    interval: 30s
    rules:
      - alert: TooManyErrors
        expr: sum(count_over_time({namespace="ai-prod"} |~ "error|rate_limited" [1m])) > 5
        for: 2m
        keep_firing_for: 1m30s
        labels: { severity: page }
        annotations: { summary: "{{ $value }} errors" }
`;

test("a section with a rule group", () => {
  const config = parseYamlConfig("server.yaml", good, RulerConfig);
  expect(config.evaluation_interval).toBe(60_000);
  expect(config.slack?.timeout).toBe(10_000);
  expect(config.groups[0]).toMatchObject({
    name: "ai",
    interval: 30_000,
    rules: [{ for: 120_000, keep_firing_for: 90_000 }],
  });
});

test("an empty section is whole", () => {
  expect(RulerConfig.parse({})).toEqual({ evaluation_interval: 60_000, groups: [] });
});

test.for([
  {
    title: "a query that does not parse, with its line",
    from: "> 5",
    to: "> ",
    want: /^server\.yaml:10: groups\.0\.rules\.0\.expr: could not parse expression for alert 'TooManyErrors' in group 'ai': parse error /u,
  },
  {
    title: "an unknown key",
    from: "for: 2m",
    to: "fro: 2m",
    want: "server.yaml:11: groups.0.rules.0.fro: unknown key",
  },
  { title: "a bad duration", from: "for: 2m", to: "for: 2x", want: 'not a valid duration string: "2x"' },
  { title: "no interval at all", from: "interval: 30s", to: "interval: 0s", want: "must be longer than 0s" },
  {
    title: "an unknown template action",
    from: "{{ $value }}",
    to: "{{ query }}",
    want: 'annotation "summary": unsupported template action',
  },
  { title: "a recording rule", from: "alert: Too", to: "record: Too", want: "recording rules are not supported" },
  {
    title: "both ways to give the webhook",
    from: "slack:",
    to: "slack:\n  webhook_url_file: /x",
    want: "set one of webhook_url and webhook_url_file",
  },
  {
    title: "a webhook that is none",
    from: "https://hooks.slack.com/services/T/B/secret",
    to: "ftp://secret",
    want: "slack.webhook_url: is not an http(s) URL",
  },
])("refused: $title", ({ from, to, want }) => {
  const text = good.replace(from, to);
  expect(text).not.toBe(good);
  expect(() => parseYamlConfig("server.yaml", text, RulerConfig)).toThrow(want);
});

test("the webhook's file is read anew each time, and never quoted", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "url");
  const slack = { webhook_url_file: path, timeout: 1000 };
  await expect(readWebhookUrl(slack, nodeFileSystem)).rejects.toThrow(`cannot read webhook_url_file ${path}: ENOENT`);
  await writeFile(path, "https://hooks.slack.com/one\n");
  expect(await readWebhookUrl(slack, nodeFileSystem)).toBe("https://hooks.slack.com/one");
  await writeFile(path, "https://hooks.slack.com/two");
  expect(await readWebhookUrl(slack, nodeFileSystem)).toBe("https://hooks.slack.com/two");
  await writeFile(path, "secret-without-scheme");
  const failure = await readWebhookUrl(slack, nodeFileSystem).catch((error: unknown) => error);
  expect(String(failure)).toContain("holds no http(s) URL");
  expect(String(failure)).not.toContain("secret-without-scheme");
});
