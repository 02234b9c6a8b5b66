import { defaultResourceLabels } from "@sluice/push";
import { parseYamlConfig } from "@sluice/service";
import { expect, test } from "vitest";
import { defaultLimits, limitsFor, LimitsSection } from "../limits.ts";
import { DistributorConfig } from "./otlp-config.ts";
import { OtlpMappings } from "./otlp-mappings.ts";

function actionsOf(yaml: string, distributor: unknown = {}): (...keys: readonly string[]) => readonly string[] {
  const limits = limitsFor(defaultLimits, parseYamlConfig("a.yaml", yaml, LimitsSection));
  const mapping = new OtlpMappings(DistributorConfig.parse(distributor)).of(limits);
  return (...keys) => keys.map((key) => mapping.resourceAction(key));
}

test("by default Loki's list of resource attributes are labels", () => {
  expect(new Set(actionsOf("{}")(...defaultResourceLabels))).toEqual(new Set(["index_label"]));
  expect(actionsOf("{}")("host.name")).toEqual(["structured_metadata"]);
});

test("a tenant adds to them, or has its own", () => {
  const rule = "attributes_config: [{ action: drop, attributes: [service.name, host.name] }]";
  expect(actionsOf(`otlp_config: { resource_attributes: { ${rule} } }`)("service.name", "host.name")).toEqual([
    "index_label",
    "drop",
  ]);
  const own = actionsOf(`otlp_config: { resource_attributes: { ignore_defaults: true, ${rule} } }`);
  expect(own("service.name", "k8s.pod.name")).toEqual(["drop", "structured_metadata"]);
});

test("the configuration names the list for all", () => {
  const otlp_config = { default_resource_attributes_as_index_labels: ["host.name"] };
  expect(actionsOf("{}", { otlp_config })("service.name", "host.name")).toEqual(["structured_metadata", "index_label"]);
});

test.for([
  { text: "log_attributes: [{ action: keep, attributes: [a] }]", told: "otlp_config.log_attributes.0.action" },
  { text: "log_attributes: [{ action: drop }]", told: "attributes or regex must be set" },
  { text: "log_attributes: [{ attributes: [a], regex: b }]", told: "only one of attributes or regex must be set" },
  { text: "log_attributes: [{ regex: '(' }]", told: "regex is no regular expression of RE2" },
  {
    text: "scope_attributes: [{ action: index_label, attributes: [a] }]",
    told: "index_label action is only supported for resource_attributes",
  },
])("$text is refused", ({ text, told }) => {
  expect(() => parseYamlConfig("a.yaml", `otlp_config: { ${text} }\n`, LimitsSection)).toThrow(told);
});
