import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { createPod } from "./world/kubelet.ts";
import { eventually, startAgent, startServer } from "./world/local.ts";
import { queryInstant, queryLines } from "./world/loki-client.ts";

test("the seed's three queries answer right over what the agent sent", async () => {
  await using directory = await temporaryDirectory();
  const podLogs = join(directory.path, "pods");
  mkdirSync(podLogs);
  await using server = await startServer({ dataDirectory: join(directory.path, "data") });
  await using _agent = await startAgent({
    directory: directory.path,
    pushUrl: `${server.url}/loki/api/v1/push`,
    podLogs,
  });

  const pod = (name: string, container: string, namespace = "ai-prod"): ReturnType<typeof createPod> =>
    createPod(podLogs, namespace, name, container);
  const gateway = pod("gateway-5c8d7f9b6b-qwrtz", "gateway");
  const agent = pod("ai-agent-7d9f8b6c5d-x2k4p", "ai-agent");
  const retriever = pod("retriever-6f7d8c9b5d-mnbvc", "retriever");
  const llm = pod("llm-55d8f7c6b9-lkjhg", "llm");
  const other = pod("web-0", "web", "shop");

  const story = [
    [gateway, '{"level":"info","request_id":"req-abc-123","msg":"POST /chat"}'],
    [agent, "INFO: node plan started request_id=req-abc-123"],
    [retriever, 'level=info msg="searching" request_id=req-abc-123 k=8'],
    [agent, "ERROR: node call_llm timeout after 30s request_id=req-abc-123"],
    [llm, '{"error":"rate_limited","request_id":"req-abc-123"}'],
    [gateway, '{"level":"error","request_id":"req-abc-123","msg":"502"}'],
  ] as const;
  for (const [writer, line] of story) {
    writer.log("noise before", "stderr");
    writer.log(line);
  }
  agent.log("retrieval timeout, using cache");
  agent.log("a healthy line");
  other.log("error and timeout of req-abc-123 in another namespace");

  await eventually("all lines are queryable", 20_000, async () => {
    const found = await queryLines(server.url, '{namespace=~".+"}');
    return found.length === story.length * 2 + 3 ? found : undefined;
  });

  const errors = await queryLines(server.url, '{namespace="ai-prod"} |= "error"');
  expect(errors.map(({ line }) => line)).toEqual([story[4][1], story[5][1]]);

  const timeouts = await queryInstant(server.url, 'count_over_time({app="ai-agent"} |= "timeout" [10m])');
  // A series for each level, as everywhere where levels are discovered; the line without one is no error.
  const timeoutsByLevel = timeouts.map(({ metric, value }) => `${metric["app"]} ${metric["detected_level"]} ${value}`);
  expect(new Set(timeoutsByLevel)).toEqual(new Set(["ai-agent error 1", "ai-agent unknown 1"]));

  const hops = await queryLines(server.url, '{namespace="ai-prod"} |= "req-abc-123"');
  expect(hops.map(({ line }) => line)).toEqual(story.map(([, line]) => line));
  expect(hops.map(({ labels }) => labels["app"])).toEqual([
    "gateway",
    "ai-agent",
    "retriever",
    "ai-agent",
    "llm",
    "gateway",
  ]);

  const byLevel = await queryInstant(
    server.url,
    'sum by (level) (count_over_time({app="gateway", stream="stdout"} | json [10m]))',
  );
  expect(Object.fromEntries(byLevel.map(({ metric, value }) => [metric["level"], value]))).toEqual({
    error: 1,
    info: 1,
  });

  const logfmt = await queryLines(server.url, '{app="retriever"} | logfmt | k > 5');
  expect(logfmt).toHaveLength(1);
}, 90_000);
