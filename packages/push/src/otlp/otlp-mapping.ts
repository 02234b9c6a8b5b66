import { compileRe2 } from "@sluice/model";

/** What becomes of an attribute: a label of the stream, metadata of the entry, or nothing. */
export type AttributeAction = "index_label" | "structured_metadata" | "drop";

/** Attributes, by name or by a pattern that fits the whole name, and what becomes of them. */
export interface AttributeRule {
  readonly action: AttributeAction;
  readonly attributes: readonly string[];
  /** RE2; empty for none. */
  readonly regex: string;
}

/** Loki's `otlp_config`: of the rules that fit an attribute the first holds; it is metadata where none does. */
export interface OtlpConfig {
  readonly resourceAttributes: readonly AttributeRule[];
  /** A rule of these cannot make labels; what it names then is dropped, as in Loki. */
  readonly scopeAttributes: readonly AttributeRule[];
  readonly logAttributes: readonly AttributeRule[];
  /** Store the text of a record's severity as a label, too. */
  readonly severityTextAsLabel: boolean;
}

/** Where the attributes of a request go. */
export interface OtlpMapping {
  resourceAction(key: string): AttributeAction;
  scopeAction(key: string): AttributeAction;
  logAction(key: string): AttributeAction;
  readonly severityTextAsLabel: boolean;
}

/** Resource attributes that Loki makes labels of the stream, unless its configuration says otherwise. */
export const defaultResourceLabels: readonly string[] = Object.freeze([
  "service.name",
  "service.namespace",
  "service.instance.id",
  "deployment.environment",
  "deployment.environment.name",
  "cloud.region",
  "cloud.availability_zone",
  "k8s.cluster.name",
  "k8s.namespace.name",
  "k8s.pod.name",
  "k8s.container.name",
  "container.name",
  "k8s.replicaset.name",
  "k8s.deployment.name",
  "k8s.statefulset.name",
  "k8s.daemonset.name",
  "k8s.cronjob.name",
  "k8s.job.name",
]);

/** @throws {ServiceError} `bad_data` when a pattern is none of RE2. */
export function compileOtlpMapping(config: OtlpConfig): OtlpMapping {
  return {
    resourceAction: compileRules(config.resourceAttributes),
    scopeAction: compileRules(config.scopeAttributes),
    logAction: compileRules(config.logAttributes),
    severityTextAsLabel: config.severityTextAsLabel,
  };
}

/** Without a configuration. */
export const defaultOtlpMapping: OtlpMapping = compileOtlpMapping({
  resourceAttributes: [{ action: "index_label", attributes: defaultResourceLabels, regex: "" }],
  scopeAttributes: [],
  logAttributes: [],
  severityTextAsLabel: false,
});

function compileRules(rules: readonly AttributeRule[]): (key: string) => AttributeAction {
  const compiled = rules.map(({ action, attributes, regex }) => {
    const names = new Set(attributes);
    const pattern = regex === "" ? undefined : compileRe2(regex, { anchored: true });
    return { action, fits: (key: string) => names.has(key) || pattern?.test(key) === true };
  });
  return (key) => compiled.find(({ fits }) => fits(key))?.action ?? "structured_metadata";
}
