import { type DemoService, isoTime, logfmt, rounded } from "../demo-service.ts";

/** Search and reranking: logfmt lines. */
export const retriever: DemoService = {
  name: "retriever",
  replicas: 1,
  requestLines: (request) =>
    request.hops
      .filter((hop) => hop.service === "retriever")
      .flatMap((hop) => {
        const startMs = request.atMs + hop.afterMs + 0.6;
        const endMs = request.atMs + hop.afterMs + hop.tookMs - 0.4;
        return [
          {
            atMs: startMs,
            stream: "stdout" as const,
            text: logfmt({
              ts: isoTime(startMs),
              level: "debug",
              msg: `${hop.operation} started`,
              request_id: request.id,
              query: request.question,
            }),
          },
          {
            atMs: endMs,
            stream: "stdout" as const,
            text: logfmt({
              ts: isoTime(endMs),
              level: "info",
              msg: `${hop.operation} finished`,
              request_id: request.id,
              index: "kb-2026-11",
              documents: hop.amount,
              duration: `${rounded(hop.tookMs - 1)}ms`,
            }),
          },
        ];
      }),
  startLines: (atMs) => [
    {
      atMs,
      stream: "stdout",
      text: logfmt({ ts: isoTime(atMs), level: "info", msg: "index loaded", index: "kb-2026-11", vectors: 184_233 }),
    },
  ],
  idleLine: (atMs) => ({
    atMs,
    stream: "stdout",
    text: logfmt({ ts: isoTime(atMs), level: "debug", msg: "index refreshed", index: "kb-2026-11", added: 0 }),
  }),
  lastLines: (atMs) => [
    {
      atMs,
      stream: "stderr",
      text: logfmt({
        ts: isoTime(atMs),
        level: "fatal",
        msg: "mmap failed: cannot allocate memory",
        index: "kb-2026-11",
      }),
    },
  ],
};
