import { labelsFrom, noLabels, printLabels, ServiceError, type Labels, type QueryResult } from "@sluice/model";
import type { ActiveSample, HoldTimes } from "./alert-state.ts";
import { parseRuleQuery, type RuleQuery } from "./rule-query.ts";
import type { RuleSpec } from "./schema.ts";
import { expandTemplate, parseTemplate, type Template } from "./template.ts";
import { printValue } from "./value.ts";

/** A checked alerting rule, ready to be evaluated. */
export interface AlertRule extends HoldTimes {
  readonly name: string;
  readonly query: RuleQuery;
  readonly labels: readonly NamedTemplate[];
  readonly annotations: readonly NamedTemplate[];
  /** The rule as it was written. */
  readonly spec: RuleSpec;
}

export interface NamedTemplate {
  readonly name: string;
  readonly template: Template;
}

/**
 * Prepares a rule that `checkGroups` has nothing to say about.
 *
 * @throws {ServiceError} `bad_data` when its expression or a template does not parse.
 */
export function compileRule(spec: RuleSpec): AlertRule {
  return {
    name: spec.alert ?? "",
    query: parseRuleQuery(spec.expr ?? ""),
    forMs: spec.for ?? 0,
    keepFiringForMs: spec.keep_firing_for ?? 0,
    labels: parseTemplates(spec.labels),
    annotations: parseTemplates(spec.annotations),
    spec,
  };
}

/**
 * The alerts that a result of the rule's query stands for: one for each sample, whatever its value, named `alertname`
 * and labelled with the sample's labels, overlaid by the rule's.
 *
 * @throws {ServiceError} `unprocessable` when the result is no vector or scalar, or when two samples end up with the
 *   same labels (Prometheus' texts).
 */
export function activeSamples(rule: AlertRule, result: QueryResult): readonly ActiveSample[] {
  const seen = new Set<string>();
  return samplesOf(result).map(({ labels: own, value }) => {
    const expand = ({ name, template }: NamedTemplate): { name: string; value: string } => ({
      name,
      value: expandTemplate(template, own, value),
    });
    const labels = labelsFrom(
      [...own, ...rule.labels.map(expand), { name: "alertname", value: rule.name }].filter(
        ({ name }) => name !== "__name__",
      ),
    ).filter((pair) => pair.value !== "");
    const key = printLabels(labels);
    if (seen.has(key)) {
      throw new ServiceError(
        "unprocessable",
        `vector contains metrics with the same labelset after applying alert labels: ${key}`,
      );
    }
    seen.add(key);
    return { labels, annotations: labelsFrom(rule.annotations.map(expand)), value: printValue(value) };
  });
}

function parseTemplates(texts: Readonly<Record<string, string>> = {}): readonly NamedTemplate[] {
  return Object.entries(texts).map(([name, text]) => ({ name, template: parseTemplate(text) }));
}

function samplesOf(result: QueryResult): readonly { readonly labels: Labels; readonly value: number }[] {
  if (result.type === "vector") {
    return result.samples;
  }
  if (result.type === "scalar") {
    return [{ labels: noLabels, value: result.value }];
  }
  throw new ServiceError("unprocessable", "rule result is not a vector or scalar");
}
