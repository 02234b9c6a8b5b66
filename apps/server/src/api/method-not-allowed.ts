import type { FastifyInstance, HTTPMethods } from "fastify";
import { sendText } from "./error-handler.ts";

const methods: readonly HTTPMethods[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/**
 * Lets every known path answer the methods that it does not have with 405, where fastify says that there is no such
 * path.
 *
 * @returns what is to be called when all routes are there.
 */
export function answerOtherMethods(app: FastifyInstance): () => void {
  const methodsOfPath = new Map<string, Set<string>>();
  app.addHook("onRoute", ({ url, method }) => {
    const known = methodsOfPath.get(url) ?? new Set();
    methodsOfPath.set(url, known);
    for (const one of [method].flat()) {
      known.add(one);
    }
  });
  return () => {
    for (const [url, known] of methodsOfPath) {
      const others = methods.filter((method) => !known.has(method));
      if (others.length > 0 && !url.includes("*")) {
        const allow = [...known].sort().join(", ");
        app.route({
          method: [...others],
          url,
          exposeHeadRoute: false,
          handler: (_request, reply) => sendText(reply.header("Allow", allow), 405, "405 method not allowed"),
        });
      }
    }
  };
}
