import { checkTenant, messageOf } from "@sluice/model";
import { DurationMs, parseYamlConfig } from "@sluice/service";
import { z } from "zod";
import { LimitsSection } from "../limits.ts";

/** The `runtime_config` section of the server's configuration file. */
export const RuntimeConfigSection = z.strictObject({
  /** A file of overrides that is read again and again while the server runs. */
  file: z.string().min(1).optional(),
  /** How often. */
  period: DurationMs.refine((ms) => ms > 0, "must be longer than 0s").prefault("10s"),
});
export type RuntimeConfigSection = z.output<typeof RuntimeConfigSection>;

/** Limits of the tenants that have their own; by tenant, only what differs. */
export type Overrides = ReadonlyMap<string, LimitsSection>;

const OverridesSection = z.record(z.string(), LimitsSection.nullable()).superRefine((overrides, context) => {
  for (const tenant of Object.keys(overrides)) {
    try {
      checkTenant(tenant);
    } catch (error) {
      context.addIssue({ code: "custom", path: [tenant], message: messageOf(error) });
    }
  }
});

const notHere = (what: string): z.ZodOptional<z.ZodUndefined> =>
  z.undefined({ error: `not supported: ${what}` }).optional();

const RuntimeConfigFile = z.strictObject({
  overrides: OverridesSection.nullable().default({}),
  configs: notHere("what is logged does not depend on the tenant"),
  multi_kv_config: notHere("there is no key-value store"),
});

/**
 * Reads a file of overrides: `overrides: { <tenant>: { <limit>: <value> } }`, as Loki has it.
 *
 * @param name stands for the file in errors.
 * @throws {ServiceError} `bad_data`: the file, the line, the key and what is wrong with it.
 */
export function parseOverrides(name: string, text: string): Overrides {
  const { overrides } = parseYamlConfig(name, text, RuntimeConfigFile);
  const nothing: LimitsSection = { set: {}, ignoredKeys: [] };
  return new Map(Object.entries(overrides ?? {}).map(([tenant, limits]) => [tenant, limits ?? nothing]));
}
