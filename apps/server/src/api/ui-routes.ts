import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import { ServiceError } from "@sluice/model";
import { pageSecurityHeaders } from "@sluice/service";
import type { FastifyPluginAsync } from "fastify";

export interface UiRoutesOptions {
  /** Absolute path of the built Explore page. */
  readonly directory: string;
}

/** Pages of the single-page application; each answers with index.html. */
const pages = ["/", "/explore", "/live", "/story", "/alerts"];

/** Serves the Explore page and its assets. */
export const uiRoutes: FastifyPluginAsync<UiRoutesOptions> = async (app, { directory }) => {
  const indexPath = join(directory, "index.html");
  if (!existsSync(indexPath)) {
    throw new ServiceError(
      "bad_data",
      `no Explore page in ${directory}: index.html is missing (build it with 'npx pnpm build')`,
    );
  }
  const index = readFileSync(indexPath, "utf8");
  const security = pageSecurityHeaders(index);
  app.addHook("onSend", async (_request, reply) => {
    void reply.headers(security);
  });
  await app.register(fastifyStatic, {
    root: join(directory, "assets"),
    prefix: "/assets/",
    immutable: true,
    maxAge: "365d",
  });
  for (const page of pages) {
    app.get(page, (_request, reply) =>
      reply.header("Content-Type", "text/html; charset=utf-8").header("Cache-Control", "no-cache").send(index),
    );
  }
};
