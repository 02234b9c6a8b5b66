import { messageOf, ServiceError, type FileSystem, type Logger, type Metrics } from "@sluice/model";
import { limitsFor, type Limits, type LimitsSection } from "../limits.ts";
import { parseOverrides, type Overrides } from "./runtime-config.ts";

export interface TenantLimitsOptions {
  /** The limits of every tenant without an override. */
  readonly base: Limits;
  /** The file of overrides; undefined when there is none. */
  readonly file: string | undefined;
  readonly fs: Pick<FileSystem, "readFile">;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * The limits of every tenant, as the configuration and the last good version of the overrides have them. A tenant's
 * limits are one frozen object until they change.
 */
export class TenantLimits {
  readonly #options: TenantLimitsOptions;
  readonly #isGood;
  readonly #reloads;
  readonly #inForce;
  #text = "";
  #overrides: Overrides = new Map();
  #limits: ReadonlyMap<string, Limits> = new Map();

  /** @throws {ServiceError} `bad_data` when the file cannot be read or is wrong: there is no good version yet. */
  static async open(options: TenantLimitsOptions): Promise<TenantLimits> {
    const limits = new TenantLimits(options);
    await limits.#load();
    return limits;
  }

  private constructor(options: TenantLimitsOptions) {
    this.#options = options;
    const { metrics, base } = options;
    this.#isGood = metrics.gauge(
      "sluice_runtime_config_last_reload_successful",
      "1 when the file of overrides was good when it was last read.",
    );
    this.#reloads = metrics.counter("sluice_runtime_config_reloads_total", "Changes of the overrides, by outcome.", [
      "outcome",
    ]);
    this.#inForce = metrics.gauge("sluice_limits_overrides", "Limits of tenants that have their own.", [
      "tenant",
      "limit",
    ]);
    const defaults = metrics.gauge("sluice_limits_defaults", "Limits of tenants that have none of their own.", [
      "limit",
    ]);
    for (const [limit, value] of numbersOf(base)) {
      defaults.set(value, { limit });
    }
  }

  of(tenant: string): Limits {
    return this.#limits.get(tenant) ?? this.#options.base;
  }

  get base(): Limits {
    return this.#options.base;
  }

  /** By tenant, what differs from {@link base}. */
  get overrides(): Overrides {
    return this.#overrides;
  }

  /** Reads the file again. When it is wrong now, what it was before holds on, and the log tells file, line and key. */
  async reload(): Promise<void> {
    try {
      await this.#load();
    } catch (error) {
      this.#isGood.set(0);
      this.#reloads.add(1, { outcome: "failure" });
      this.#options.logger.error("the overrides were not reloaded, the limits before hold on", {
        error: messageOf(error),
      });
    }
  }

  async #load(): Promise<void> {
    const { file, fs, base, logger } = this.#options;
    if (file === undefined) {
      return;
    }
    const text = await readText(fs, file);
    if (text !== this.#text) {
      if (text.trim() === "" && this.#overrides.size > 0) {
        // Somebody is writing it, or has lost it: what a tenant keeps for years must not go for that.
        throw new ServiceError("bad_data", `${file}:1: the file is empty; "overrides: {}" means that there are none`);
      }
      const overrides = parseOverrides(file, text);
      this.#limits = new Map(overrides.entries().map(([tenant, override]) => [tenant, limitsFor(base, override)]));
      this.#tellMetrics(overrides);
      this.#overrides = overrides;
      this.#text = text;
      this.#reloads.add(1, { outcome: "success" });
      logger.info("overrides loaded", { file, tenants: overrides.size });
    }
    this.#isGood.set(1);
  }

  #tellMetrics(overrides: Overrides): void {
    for (const [tenant, { set }] of this.#overrides) {
      for (const [limit] of numbersOf(set)) {
        // What is not overridden any more is what holds for all again.
        this.#inForce.set(Number(this.#options.base[limit]), { tenant, limit });
      }
    }
    for (const [tenant, { set }] of overrides) {
      for (const [limit, value] of numbersOf(set)) {
        this.#inForce.set(value, { tenant, limit });
      }
    }
  }
}

function numbersOf(limits: LimitsSection["set"]): readonly (readonly [keyof Limits, number])[] {
  return Object.entries(limits).flatMap(([limit, value]) =>
    typeof value === "number" ? [[limit as keyof Limits, value] as const] : [],
  );
}

async function readText(fs: Pick<FileSystem, "readFile">, path: string): Promise<string> {
  try {
    return new TextDecoder().decode(await fs.readFile(path));
  } catch (error) {
    throw new ServiceError("bad_data", `cannot read runtime_config.file ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
