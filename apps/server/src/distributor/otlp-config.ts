import { compileRe2 } from "@sluice/model";
import { defaultResourceLabels } from "@sluice/push";
import { z } from "zod";

const actions = ["index_label", "structured_metadata", "drop"] as const;

const Rule = z
  .strictObject({
    action: z.enum(actions).default("structured_metadata"),
    attributes: z.array(z.string()).default([]),
    /** Must fit the whole name of an attribute. */
    regex: z.string().default(""),
  })
  .refine(({ attributes, regex }) => attributes.length > 0 || regex !== "", "attributes or regex must be set")
  .refine(
    ({ attributes, regex }) => attributes.length === 0 || regex === "",
    "only one of attributes or regex must be set",
  )
  .refine(({ regex }) => isRegex(regex), "regex is no regular expression of RE2");

const ScopeRule = Rule.refine(
  ({ action }) => action !== "index_label",
  "index_label action is only supported for resource_attributes",
);

/** A tenant's `otlp_config`: what becomes of OpenTelemetry's attributes. Of the rules that fit one the first holds. */
export const OtlpConfig = z.strictObject({
  resource_attributes: z
    .strictObject({
      /** Leave out the attributes that are labels by default. */
      ignore_defaults: z.boolean().default(false),
      attributes_config: z.array(Rule).default([]),
    })
    .prefault({}),
  scope_attributes: z.array(ScopeRule).default([]),
  log_attributes: z.array(Rule).default([]),
  severity_text_as_label: z.boolean().default(false),
});

/** The section `distributor` of the configuration file. */
export const DistributorConfig = z.strictObject({
  otlp_config: z
    .strictObject({
      /** Resource attributes that become labels, for tenants whose `otlp_config` does not ignore them. */
      default_resource_attributes_as_index_labels: z.array(z.string()).default([...defaultResourceLabels]),
    })
    .prefault({}),
});
export type DistributorConfig = z.output<typeof DistributorConfig>;

function isRegex(text: string): boolean {
  try {
    compileRe2(text, { anchored: true });
    return true;
  } catch {
    return false;
  }
}
