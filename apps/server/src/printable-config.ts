import { z } from "zod";
import { ServerConfig, type ServerOptions } from "./config.ts";
import { defaultLimits, limitsFor, printableLimits } from "./limits.ts";
import type { TenantLimits } from "./runtime-config/tenant-limits.ts";
import { withoutSecrets } from "./storage/without-secrets.ts";

type Printable = Record<string, unknown>;

/** The configuration in force as a file would write it: with every limit, and without secrets. */
export function printableConfig({ config, listen }: Pick<ServerOptions, "config" | "listen">): Printable {
  const inForce: ServerConfig = {
    ...config,
    server: { ...config.server, http_listen_address: listen.host, http_listen_port: listen.port },
    limits_config: { set: limitsFor(defaultLimits, config.limits_config), ignoredKeys: [] },
  };
  return withoutSecrets(z.encode(ServerConfig, inForce)) as Printable;
}

/** The same, when nothing is configured. */
export function printableDefaults(): Printable {
  const config = ServerConfig.parse({});
  const { http_listen_address: host, http_listen_port: port } = config.server;
  return printableConfig({ config, listen: { host, port } });
}

/** Limits by tenant as the file of overrides would write them: whole, or only what differs from those of all. */
export function printableOverrides(limits: TenantLimits, mode: "whole" | "differences"): Printable {
  return Object.fromEntries(
    limits.overrides
      .entries()
      .map(([tenant, { set }]) => [tenant, printableLimits(mode === "whole" ? limits.of(tenant) : set)]),
  );
}
