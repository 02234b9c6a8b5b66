import type { AlertsResponse, RulesResponse } from "@sluice/api";
import { labelsFromRecord } from "@sluice/model";
import { quietLogger, quietMetrics, virtualClock } from "@sluice/testkit";
import fastify, { type FastifyInstance } from "fastify";
import { expect, test } from "vitest";
import { ruleRoutes } from "./rule-routes.ts";
import { RulerConfig } from "./ruler-config.ts";
import { startRuler } from "./ruler.ts";

const startMs = Date.UTC(2026, 0, 1);
const expr = `sum by (pod) (count_over_time({namespace="ai-prod"} |= "error" [1m])) > 5`;

const groups = [
  {
    name: "ai",
    interval: "30s",
    rules: [
      {
        alert: "TooManyErrors",
        expr,
        for: "1m",
        keep_firing_for: "1m30s",
        labels: { severity: "page" },
        annotations: { summary: "{{ $value }} errors in {{ $labels.pod }}" },
      },
      { alert: "Broken", expr: "vector(1) > 0" },
    ],
  },
  { name: "idle", limit: 5, rules: [{ alert: "Quiet", expr }] },
];

/** The routes over a real ruler that ran for two minutes: one alert fires, one rule fails, one group sees nothing. */
async function serve(groupConfigs: readonly object[] = groups): Promise<FastifyInstance> {
  const clock = virtualClock(startMs);
  const ruler = await startRuler({
    config: RulerConfig.parse({ groups: groupConfigs, evaluation_interval: "1h" }),
    tenant: "fake",
    evaluate: async (text) => {
      if (text !== expr) {
        throw new Error("out of luck");
      }
      return { type: "vector", samples: [{ labels: labelsFromRecord({ pod: "api-1" }), timestampMs: 0, value: 7 }] };
    },
    storage: { load: async () => undefined, save: async () => {} },
    notify: undefined,
    clock,
    logger: quietLogger,
    metrics: quietMetrics,
  });
  await clock.advance(120_000);
  await ruler.stop();
  const app = fastify();
  await app.register(ruleRoutes, { ruler });
  return app;
}

test("rules: Prometheus' JSON with state and health", async () => {
  const app = await serve();
  const response = await app.inject("/prometheus/api/v1/rules");
  const { status, data, errorType, error } = response.json<RulesResponse>();
  expect([response.statusCode, status, errorType, error]).toEqual([200, "success", "", ""]);
  const [ai, idle] = data.groups;
  expect(ai).toMatchObject({ name: "ai", file: "config", interval: 30, limit: 0 });
  const activeAt = expect.stringMatching(/^2026-01-01T00:00:\d\d(\.\d+)?Z$/u) as string;
  const lastEvaluation = expect.stringMatching(/^2026-01-01T00:0[12]:\d\d(\.\d+)?Z$/u) as string;
  expect(ai!.rules[0]).toEqual({
    state: "firing",
    name: "TooManyErrors",
    query: `(sum by (pod)(count_over_time({namespace="ai-prod"} |= "error"[1m])) > 5)`,
    duration: 60,
    labels: { severity: "page" },
    annotations: { summary: "{{ $value }} errors in {{ $labels.pod }}" },
    alerts: [
      {
        labels: { alertname: "TooManyErrors", pod: "api-1", severity: "page" },
        annotations: { summary: "7 errors in api-1" },
        state: "firing",
        activeAt,
        value: "7e+00",
      },
    ],
    health: "ok",
    lastError: "",
    type: "alerting",
    lastEvaluation,
    evaluationTime: 0,
  });
  expect(ai!.rules[1]).toMatchObject({
    name: "Broken",
    state: "inactive",
    health: "err",
    lastError: "out of luck",
    alerts: [],
  });
  expect(idle!.rules[0]).toMatchObject({
    health: "unknown",
    lastEvaluation: "0001-01-01T00:00:00Z",
    evaluationTime: 0,
  });
});

test.for([
  { query: "", want: ["ai/TooManyErrors", "ai/Broken", "idle/Quiet"] },
  { query: "type=alert", want: ["ai/TooManyErrors", "ai/Broken", "idle/Quiet"] },
  { query: "type=record", want: [] },
  { query: "rule_group=idle", want: ["idle/Quiet"] },
  { query: "rule_name=Broken&rule_name=Quiet", want: ["ai/Broken", "idle/Quiet"] },
  { query: "file=config&rule_name=Broken", want: ["ai/Broken"] },
  { query: "file=other", want: [] },
])("rules?$query", async ({ query, want }) => {
  const app = await serve();
  const { data } = (await app.inject(`/prometheus/api/v1/rules?${query}`)).json<RulesResponse>();
  expect(data.groups.flatMap(({ name, rules }) => rules.map((rule) => `${name}/${rule.name}`))).toEqual(want);
});

test("rules of a type that does not exist", async () => {
  const app = await serve();
  const response = await app.inject("/prometheus/api/v1/rules?type=x");
  expect(response.statusCode).toBe(400);
  expect(response.json()).toEqual({
    status: "error",
    data: null,
    errorType: "bad_data",
    error: 'not supported value "x"',
  });
});

test("alerts: only those that are pending or firing", async () => {
  const app = await serve();
  const { data } = (await app.inject("/prometheus/api/v1/alerts")).json<AlertsResponse>();
  expect(data.alerts.map(({ labels, state }) => [labels["alertname"], state])).toEqual([["TooManyErrors", "firing"]]);
});

test("rule groups as YAML, as they were written", async () => {
  const app = await serve();
  const response = await app.inject("/loki/api/v1/rules");
  expect(response.headers["content-type"]).toBe("application/yaml");
  expect(response.body).toBe(`config:
  - name: ai
    interval: 30s
    rules:
      - alert: TooManyErrors
        expr: ${expr}
        for: 1m
        keep_firing_for: 1m30s
        labels:
          severity: page
        annotations:
          summary: "{{ $value }} errors in {{ $labels.pod }}"
      - alert: Broken
        expr: vector(1) > 0
  - name: idle
    limit: 5
    rules:
      - alert: Quiet
        expr: ${expr}
`);
  expect((await app.inject("/loki/api/v1/rules/config")).body).toBe(response.body);
});

test("one group as YAML", async () => {
  const app = await serve();
  const response = await app.inject("/loki/api/v1/rules/config/idle");
  expect(response.body).toBe(`name: idle\nlimit: 5\nrules:\n  - alert: Quiet\n    expr: ${expr}\n`);
});

test.for([
  { url: "/loki/api/v1/rules", groups: [], body: "no rule groups found\n" },
  { url: "/loki/api/v1/rules/nope", groups, body: "no rule groups found\n" },
  { url: "/loki/api/v1/rules/config/nope", groups, body: "group does not exist\n" },
  { url: "/loki/api/v1/rules/nope/ai", groups, body: "group does not exist\n" },
])("$url: 404 $body", async ({ url, groups: groupConfigs, body }) => {
  const app = await serve(groupConfigs);
  const response = await app.inject(url);
  expect([response.statusCode, response.body]).toEqual([404, body]);
  expect(response.headers["content-type"]).toBe("text/plain; charset=utf-8");
});

test("without rules the JSON answers are Loki's empty ones", async () => {
  const app = await serve([]);
  expect((await app.inject("/prometheus/api/v1/rules")).body).toBe(
    '{"status":"success","data":{"groups":[]},"errorType":"","error":""}',
  );
  expect((await app.inject("/prometheus/api/v1/alerts")).body).toBe(
    '{"status":"success","data":{"alerts":[]},"errorType":"","error":""}',
  );
});
