import { compileOtlpMapping, type AttributeRule, type OtlpMapping } from "@sluice/push";
import type { Limits } from "../limits.ts";
import type { DistributorConfig } from "./otlp-config.ts";

/** The mappings of all tenants, each compiled once. */
export class OtlpMappings {
  readonly #defaults: AttributeRule;
  /** A tenant's limits are one object until they change. */
  readonly #mappings = new WeakMap<Limits, OtlpMapping>();

  constructor({ otlp_config }: DistributorConfig) {
    const attributes = otlp_config.default_resource_attributes_as_index_labels;
    this.#defaults = { action: "index_label", attributes, regex: "" };
  }

  of(limits: Limits): OtlpMapping {
    let mapping = this.#mappings.get(limits);
    if (mapping === undefined) {
      const { resource_attributes, scope_attributes, log_attributes, severity_text_as_label } = limits.otlp_config;
      const { ignore_defaults, attributes_config } = resource_attributes;
      mapping = compileOtlpMapping({
        resourceAttributes: ignore_defaults ? attributes_config : [this.#defaults, ...attributes_config],
        scopeAttributes: scope_attributes,
        logAttributes: log_attributes,
        severityTextAsLabel: severity_text_as_label,
      });
      this.#mappings.set(limits, mapping);
    }
    return mapping;
  }
}
