import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import { ServiceError } from "@sluice/model";
import type { FastifyPluginAsync } from "fastify";

export interface UiRoutesOptions {
  /** Absolute path of the built Explore page. */
  readonly directory: string;
}

/** Pages of the single-page application; each answers with index.html. */
const pages = ["/", "/explore", "/live", "/story", "/alerts"];

/** Serves the Explore page. Log text is hostile: scripts and styles come from here only, and nothing may frame us. */
export const uiRoutes: FastifyPluginAsync<UiRoutesOptions> = async (app, { directory }) => {
  const indexPath = join(directory, "index.html");
  if (!existsSync(indexPath)) {
    throw new ServiceError(
      "bad_data",
      `no Explore page in ${directory}: index.html is missing (build it with 'npx pnpm build')`,
    );
  }
  const index = readFileSync(indexPath, "utf8");
  const policy = [
    "default-src 'none'",
    `script-src 'self'${inlineHashes(index, "script")}`,
    `style-src 'self'${inlineHashes(index, "style")}`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join("; ");

  app.addHook("onSend", async (_request, reply) => {
    void reply.header("Content-Security-Policy", policy);
    void reply.header("X-Content-Type-Options", "nosniff");
    void reply.header("Referrer-Policy", "no-referrer");
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

/** Hashes of the page's own inline elements, so that the policy needs no 'unsafe-inline'. */
function inlineHashes(html: string, tag: "script" | "style"): string {
  const inline = html.matchAll(new RegExp(`<${tag}(?![^>]*\\bsrc=)[^>]*>([\\s\\S]*?)</${tag}>`, "gu"));
  return [...inline].map(([, body]) => ` 'sha256-${createHash("sha256").update(body!).digest("base64")}'`).join("");
}
