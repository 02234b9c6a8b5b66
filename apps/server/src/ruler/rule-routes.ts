import { paths, type AlertBody, type AlertingRuleBody, type PrometheusResponse, type RuleGroupBody } from "@sluice/api";
import { labelsToRecord, printDurationMs, printRfc3339Ns, nsPerMs } from "@sluice/model";
import { parseValue, printScientific, type Alert, type RuleGroupSpec, type RuleSpec } from "@sluice/rules";
import type { FastifyPluginAsync, FastifyReply } from "fastify";
import { stringify } from "yaml";
import { sendText } from "../api/error-handler.ts";
import type { Evaluation, GroupStatus, RuleStatus } from "./group-runner.ts";
import { configNamespace } from "./ruler-config.ts";
import type { Ruler } from "./ruler.ts";

export interface RuleRoutesOptions {
  readonly ruler: Pick<Ruler, "groups" | "alerts">;
}

/** Rules and alerts: Prometheus' JSON with their states, and Loki's YAML with the rules as they were written. */
export const ruleRoutes: FastifyPluginAsync<RuleRoutesOptions> = async (app, { ruler }) => {
  app.get(paths.rules, (request, reply) => {
    const query = request.query as Readonly<Record<string, string | readonly string[]>>;
    const type = wantedValues(query["type"])[0] ?? "";
    if (type !== "" && type !== "alert" && type !== "record") {
      const body: PrometheusResponse<null> = {
        status: "error",
        data: null,
        errorType: "bad_data",
        error: `not supported value ${JSON.stringify(type)}`,
      };
      return reply.status(400).send(body);
    }
    const isWanted = (name: string, value: string): boolean => {
      const wanted = wantedValues(query[name]);
      return wanted.length === 0 || wanted.includes(value);
    };
    const groups = ruler
      .groups()
      .filter(({ spec }) => isWanted("file", configNamespace) && isWanted("rule_group", spec.name))
      .map((group) => ({
        ...group,
        rules: group.rules.filter(({ rule }) => type !== "record" && isWanted("rule_name", rule.name)),
      }))
      // A filter on rules leaves out the groups that it empties.
      .filter(({ rules, spec }) => rules.length > 0 || spec.rules.length === 0);
    return success({ groups: groups.map(groupBody) });
  });

  app.get(paths.alerts, () => success({ alerts: ruler.alerts().map(alertBody) }));

  app.get(paths.ruleGroups, (_request, reply) => {
    const groups = ruler.groups();
    return groups.length === 0
      ? sendText(reply, 404, "no rule groups found")
      : sendYaml(reply, { [configNamespace]: groups.map(({ spec }) => writtenGroup(spec)) });
  });

  app.get<{ Params: { namespace: string } }>(paths.ruleNamespace, (request, reply) => {
    const groups = request.params.namespace === configNamespace ? ruler.groups() : [];
    return groups.length === 0
      ? sendText(reply, 404, "no rule groups found")
      : sendYaml(reply, { [configNamespace]: groups.map(({ spec }) => writtenGroup(spec)) });
  });

  app.get<{ Params: { namespace: string; group: string } }>(paths.ruleGroup, (request, reply) => {
    const { namespace, group: name } = request.params;
    const group = namespace === configNamespace ? ruler.groups().find(({ spec }) => spec.name === name) : undefined;
    return group === undefined
      ? sendText(reply, 404, "group does not exist")
      : sendYaml(reply, writtenGroup(group.spec));
  });
};

function success<Data>(data: Data): PrometheusResponse<Data> {
  return { status: "success", data, errorType: "", error: "" };
}

function sendYaml(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.header("Content-Type", "application/yaml").send(stringify(value, { lineWidth: 0 }));
}

function wantedValues(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === "string" ? [value] : value;
}

function groupBody({ spec, intervalMs, lastEvaluation, rules }: GroupStatus): RuleGroupBody {
  return {
    name: spec.name,
    file: configNamespace,
    rules: rules.map(ruleBody),
    interval: intervalMs / 1000,
    limit: spec.limit ?? 0,
    ...evaluationBody(lastEvaluation),
  };
}

function ruleBody({ rule, alerts, lastEvaluation, lastError }: RuleStatus): AlertingRuleBody {
  const isFiring = alerts.some(({ state }) => state === "firing");
  return {
    state: isFiring ? "firing" : alerts.length > 0 ? "pending" : "inactive",
    name: rule.name,
    query: rule.query.text,
    duration: rule.forMs / 1000,
    labels: rule.spec.labels ?? {},
    annotations: rule.spec.annotations ?? {},
    alerts: alerts.map(alertBody),
    health: lastEvaluation === undefined ? "unknown" : lastError === undefined ? "ok" : "err",
    lastError: lastError ?? "",
    type: "alerting",
    ...evaluationBody(lastEvaluation),
  };
}

function alertBody({ labels, annotations, state, activeAtMs, value }: Alert): AlertBody {
  return {
    labels: labelsToRecord(labels),
    annotations: labelsToRecord(annotations),
    state,
    activeAt: printTime(activeAtMs),
    value: printScientific(parseValue(value)),
  };
}

function evaluationBody(evaluation: Evaluation | undefined): { lastEvaluation: string; evaluationTime: number } {
  return evaluation === undefined
    ? // Go's zero time: never.
      { lastEvaluation: "0001-01-01T00:00:00Z", evaluationTime: 0 }
    : { lastEvaluation: printTime(evaluation.atMs), evaluationTime: evaluation.tookMs / 1000 };
}

function printTime(ms: number): string {
  return printRfc3339Ns(BigInt(ms) * nsPerMs);
}

/** A group as its file has it: durations as text, nothing that was not written. */
function writtenGroup({ name, interval, limit, rules }: RuleGroupSpec): object {
  return {
    name,
    ...(interval !== undefined && { interval: printDurationMs(interval) }),
    ...(limit !== undefined && { limit }),
    rules: rules.map(writtenRule),
  };
}

function writtenRule(rule: RuleSpec): object {
  return {
    alert: rule.alert,
    expr: rule.expr,
    ...(rule.for !== undefined && { for: printDurationMs(rule.for) }),
    ...(rule.keep_firing_for !== undefined && { keep_firing_for: printDurationMs(rule.keep_firing_for) }),
    ...(rule.labels !== undefined && { labels: rule.labels }),
    ...(rule.annotations !== undefined && { annotations: rule.annotations }),
  };
}
