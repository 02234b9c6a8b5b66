import { paths } from "@sluice/api";
import { quoteGo } from "@sluice/model";
import { logLevels, type ProcessLogger } from "@sluice/service";
import type { FastifyPluginAsync, FastifyReply } from "fastify";
import { stringify } from "yaml";
import { sendText } from "./error-handler.ts";
import { refuseForeignOrigin } from "./foreign-origin.ts";
import { paramsOf } from "./params.ts";

/** Configuration as a file would write it, without secrets. */
export type PrintableConfig = Readonly<Record<string, unknown>>;

export interface StatusRoutesOptions {
  /** Why the server cannot serve now, in Loki's words, or undefined when it can. */
  readonly notReady: () => string | undefined;
  readonly renderMetrics: () => Promise<string>;
  readonly metricsContentType: string;
  /** The configuration in force, and what it is when nothing is said. */
  readonly config: PrintableConfig;
  readonly defaultConfig: PrintableConfig;
  /** The limits of every tenant that has its own, whole or only what differs from the others'. */
  readonly overrides: (mode: "whole" | "differences") => PrintableConfig;
  readonly version: string;
  /** How much the server logs, which may be changed while it runs. */
  readonly logger: Pick<ProcessLogger, "level" | "info">;
  /** Other sites whose pages may change it. */
  readonly allowedOrigins: readonly string[];
}

/** The parts of the server, by the names that they have in Loki. */
const services = ["compactor", "distributor", "ingester", "querier", "ruler", "server", "store"];

/** Readiness, metrics, configuration, build information and the log's level. */
export const statusRoutes: FastifyPluginAsync<StatusRoutesOptions> = async (app, options) => {
  const { config, defaultConfig, overrides } = options;
  app.get(paths.ready, (_request, reply) => {
    const reason = options.notReady();
    return reason === undefined ? sendText(reply, 200, "ready") : sendText(reply, 503, reason);
  });

  app.get(paths.metrics, async (_request, reply) =>
    reply.header("Content-Type", options.metricsContentType).send(await options.renderMetrics()),
  );

  app.get(paths.config, (request, reply) => {
    switch (paramsOf(request).get("mode")) {
      case "diff":
      case "diffs":
        return sendYaml(reply, differences(config, defaultConfig));
      case "defaults":
        return sendYaml(reply, defaultConfig);
      default:
        return sendYaml(reply, config);
    }
  });

  app.get(paths.runtimeConfig, (request, reply) => {
    const isDiff = paramsOf(request).get("mode") === "diff";
    return sendYaml(reply, { overrides: overrides(isDiff ? "differences" : "whole") });
  });

  app.get(paths.services, (_request, reply) => {
    const state = options.notReady() === undefined ? "Running" : "Starting";
    return sendText(reply, 200, services.map((service) => `${service} => ${state}`).join("\n"));
  });

  app.get(paths.logLevel, () => ({ message: `Current log level is ${options.logger.level}` }));
  app.post(paths.logLevel, (request, reply) => {
    refuseForeignOrigin(request, options.allowedOrigins, "log level");
    const wanted = paramsOf(request).get("log_level");
    const level = logLevels.find((known) => known === wanted);
    if (level === undefined) {
      return reply.status(400).send({ status: "failed", message: `unrecognized log level ${quoteGo(wanted)}` });
    }
    options.logger.level = level;
    const message = `Log level set to ${level}`;
    options.logger.info(message);
    return { status: "success", message };
  });

  app.get(paths.buildInfo, () => ({
    version: options.version,
    revision: "",
    branch: "",
    buildUser: "",
    buildDate: "",
    goVersion: "",
  }));
};

/** As plain text, so that a browser shows it. */
function sendYaml(reply: FastifyReply, value: unknown): FastifyReply {
  return sendText(reply, 200, stringify(value).trimEnd());
}

/** What of a configuration is not as it is by default. */
function differences(config: PrintableConfig, defaults: PrintableConfig): PrintableConfig {
  const found: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    const preset = defaults[key];
    if (isSection(value) && isSection(preset)) {
      const inner = differences(value, preset);
      if (Object.keys(inner).length > 0) {
        found[key] = inner;
      }
    } else if (JSON.stringify(value) !== JSON.stringify(preset)) {
      found[key] = value;
    }
  }
  return found;
}

function isSection(value: unknown): value is PrintableConfig {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
