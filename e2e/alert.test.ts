import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { eventually, pause, startServer } from "./world/local.ts";
import { nowNs, pushLines } from "./world/loki-client.ts";

test("more than five errors in the window post one message to Slack, and one when they are over", async () => {
  const messages: string[] = [];
  const slack = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      messages.push(body);
      response.end("ok");
    });
  });
  await new Promise<void>((resolve) => slack.listen(0, "127.0.0.1", resolve));
  await using directory = await temporaryDirectory();
  try {
    const { port } = slack.address() as AddressInfo;
    await using server = await startServer({
      dataDirectory: join(directory.path, "data"),
      config: {
        ruler: {
          evaluation_interval: "500ms",
          slack: { webhook_url: `http://127.0.0.1:${port}/services/T/B/x` },
          groups: [
            {
              name: "ai-errors",
              rules: [
                {
                  alert: "AiErrors",
                  expr: 'sum(count_over_time({namespace="ai-prod"} |~ "error|rate_limited" [5s])) > 5',
                  labels: { severity: "page" },
                  annotations: { summary: "{{ $value }} errors" },
                },
              ],
            },
          ],
        },
      },
    });
    const labels = { namespace: "ai-prod", app: "llm" };
    await pushLines(
      server.url,
      labels,
      Array.from({ length: 5 }, (_, i) => [nowNs() + BigInt(i), `error ${i}`]),
    );
    await pause(1500);
    expect(messages).toEqual([]);
    await pushLines(server.url, labels, [[nowNs(), '{"error":"rate_limited"}']]);
    await eventually("Slack has the firing message", 10_000, async () => messages[0]);
    expect(messages[0]).toContain("FIRING");
    expect(messages[0]).toContain("AiErrors");
    expect(messages[0]).toContain("6 errors");
    const alerts = (await (await fetch(`${server.url}/prometheus/api/v1/alerts`)).json()) as {
      data: { alerts: { state: string }[] };
    };
    expect(alerts.data.alerts.map(({ state }) => state)).toEqual(["firing"]);
    await eventually("Slack has the resolved message", 20_000, async () => messages[1]);
    expect(messages[1]).toContain("RESOLVED");
    await pause(1500);
    expect(messages).toHaveLength(2);
  } finally {
    slack.close();
  }
}, 90_000);
