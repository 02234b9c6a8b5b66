import { isLabelName, messageOf } from "@sluice/model";
import { parseRuleQuery } from "./rule-query.ts";
import { parseTemplate } from "./template.ts";

/** A rule as it stands in a rule file (Prometheus' shape), durations in milliseconds. Not checked yet. */
export interface RuleSpec {
  readonly alert?: string | undefined;
  readonly record?: string | undefined;
  readonly expr?: string | undefined;
  readonly for?: number | undefined;
  readonly keep_firing_for?: number | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** A rule group as it stands in a rule file, durations in milliseconds. Not checked yet. */
export interface RuleGroupSpec {
  readonly name: string;
  readonly interval?: number | undefined;
  /** Alerts that one rule of the group may have at a time; 0 or absent means no limit. */
  readonly limit?: number | undefined;
  readonly rules: readonly RuleSpec[];
}

export interface RuleProblem {
  /** Where in the groups, for example `[0, "rules", 1, "expr"]`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * Everything that is wrong with the groups, in Loki's words (pkg/ruler/compat.go `ValidateGroups`; at most one problem
 * a rule). Stricter than Loki where it accepts what can never work: a log query as the expression, and recording
 * rules, which nothing here stores.
 */
export function checkGroups(groups: readonly RuleGroupSpec[]): readonly RuleProblem[] {
  const problems: RuleProblem[] = [];
  const names = new Set<string>();
  for (const [index, group] of groups.entries()) {
    if (group.name === "") {
      problems.push({ path: [index, "name"], message: `group ${index}: Groupname must not be empty` });
    }
    if (names.has(group.name)) {
      problems.push({
        path: [index, "name"],
        message: `groupname: "${group.name}" is repeated in the same file`,
      });
    }
    names.add(group.name);
    for (const [ruleIndex, rule] of group.rules.entries()) {
      const problem = checkRule(rule, group.name);
      if (problem !== undefined) {
        problems.push({ ...problem, path: [index, "rules", ruleIndex, ...problem.path] });
      }
    }
  }
  return problems;
}

function checkRule(rule: RuleSpec, groupName: string): RuleProblem | undefined {
  const { alert = "", record = "", expr = "" } = rule;
  if (record !== "" && alert !== "") {
    return { path: [], message: "only one of 'record' and 'alert' must be set" };
  }
  if (record === "" && alert === "") {
    return { path: [], message: "one of 'record' or 'alert' must be set" };
  }
  if (expr === "") {
    return { path: [], message: "field 'expr' must be set in rule" };
  }
  const kind = record === "" ? `alert '${alert}'` : `record '${record}'`;
  const unparsed = failureOf(() => parseRuleQuery(expr));
  if (unparsed !== undefined) {
    return { path: ["expr"], message: `could not parse expression for ${kind} in group '${groupName}': ${unparsed}` };
  }
  if (record !== "") {
    return {
      path: ["record"],
      message: `recording rules are not supported: rule '${record}' in group '${groupName}' must be an alert`,
    };
  }
  return checkLabels(rule.labels ?? {}) ?? checkAnnotations(rule.annotations ?? {});
}

function checkLabels(labels: Readonly<Record<string, string>>): RuleProblem | undefined {
  for (const [name, text] of Object.entries(labels)) {
    if (!isLabelName(name) || name === "__name__") {
      return { path: ["labels", name], message: `invalid label name: ${name}` };
    }
    const unparsed = failureOf(() => parseTemplate(text));
    if (unparsed !== undefined) {
      return { path: ["labels", name], message: `label ${JSON.stringify(name)}: ${unparsed}` };
    }
  }
  return undefined;
}

function checkAnnotations(annotations: Readonly<Record<string, string>>): RuleProblem | undefined {
  for (const [name, text] of Object.entries(annotations)) {
    if (!isLabelName(name)) {
      return { path: ["annotations", name], message: `invalid annotation name: ${name}` };
    }
    const unparsed = failureOf(() => parseTemplate(text));
    if (unparsed !== undefined) {
      return { path: ["annotations", name], message: `annotation ${JSON.stringify(name)}: ${unparsed}` };
    }
  }
  return undefined;
}

/** The message of what `run` throws, or undefined when it returns. */
function failureOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
