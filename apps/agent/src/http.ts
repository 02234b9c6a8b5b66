import { labelsToRecord } from "@sluice/model";
import type { MetricsRegistry } from "@sluice/service";
import { fastify, type FastifyInstance } from "fastify";
import { printableUrl } from "./config.ts";
import type { Lane } from "./send/lane.ts";
import type { ClientConfig } from "./config.ts";
import type { AgentMetrics } from "./metrics.ts";
import type { FollowedPath } from "./tail/followed-path.ts";

/** What the pages show. */
export interface HttpOptions {
  readonly registry: MetricsRegistry;
  readonly metrics: AgentMetrics;
  readonly lanes: readonly { readonly client: ClientConfig; readonly lane: Lane }[];
  readonly paths: () => readonly FollowedPath[];
}

/** `/ready`, `/metrics` and `/targets`. */
export function createHttp(options: HttpOptions): FastifyInstance {
  const { registry, lanes, paths } = options;
  const app = fastify();
  app.get("/ready", (_request, reply) => {
    // A server that is down is waited for; one that refuses us needs someone to look.
    const refused = lanes.find(({ lane }) => lane.isRefused);
    void reply.type("text/plain; charset=utf-8");
    return refused === undefined ? reply.send("Ready\n") : reply.code(503).send(`Not ready: ${refused.lane.trouble}\n`);
  });
  app.get("/metrics", async (_request, reply) => {
    const followed = paths();
    options.metrics.targetsActive.set(followed.length);
    options.metrics.filesActive.set(followed.reduce((sum, { files }) => sum + files.length, 0));
    options.metrics.inFlightBytes.set(lanes.reduce((sum, { lane }) => sum + lane.inFlightBytes, 0));
    void reply.type(registry.contentType);
    return (await registry.render()) + renderPathMetrics(followed);
  });
  app.get("/targets", () => ({ targets: paths().map(describePath), clients: lanes.map(describeClient) }));
  app.get("/", (_request, reply) => reply.redirect("/targets"));
  return app;
}

function describePath(followed: FollowedPath): unknown {
  const { target, path } = followed;
  return {
    job: target.job,
    path,
    labels: labelsToRecord(target.labelsOf(path)),
    lines: followed.lineCount,
    files: followed.files.map(({ file, realPath, replacedMs, sizeBytes }) => ({
      path: realPath,
      inode: file.position.ino,
      sizeBytes: Math.max(sizeBytes, file.readOffset),
      readOffset: file.readOffset,
      acknowledgedOffset: file.position.offset,
      isRotated: replacedMs !== undefined,
    })),
  };
}

function describeClient({ client, lane }: { readonly client: ClientConfig; readonly lane: Lane }): unknown {
  return {
    url: printableUrl(client.url),
    tenant: client.tenant_id,
    inFlightBytes: lane.inFlightBytes,
    trouble: lane.trouble,
  };
}

interface PathMetric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly value: (followed: FollowedPath) => number;
}

const pathMetrics: readonly PathMetric[] = [
  {
    name: "promtail_read_bytes_total",
    type: "gauge",
    help: "Number of bytes read.",
    value: ({ files }) => files.at(-1)?.file.readOffset ?? 0,
  },
  {
    name: "promtail_file_bytes_total",
    type: "gauge",
    help: "Number of bytes total.",
    value: ({ files }) => Math.max(files.at(-1)?.sizeBytes ?? 0, files.at(-1)?.file.readOffset ?? 0),
  },
  {
    name: "promtail_read_lines_total",
    type: "counter",
    help: "Number of lines read.",
    value: ({ lineCount }) => lineCount,
  },
];

/** Written from what is followed at this moment: nothing is left of paths that are gone. */
function renderPathMetrics(followed: readonly FollowedPath[]): string {
  // Two jobs may follow one path; a series must not come twice.
  const byPath = new Map(followed.map((one) => [one.path, one]));
  return pathMetrics
    .map(({ name, type, help, value }) => {
      const rows = [...byPath].map(([path, one]) => `${name}{path=${quoteLabel(path)}} ${value(one)}\n`);
      return `\n# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${rows.join("")}`;
    })
    .join("");
}

function quoteLabel(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
