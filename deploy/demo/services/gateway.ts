import { type DemoService, isoTime, json, rounded } from "../demo-service.ts";

/** The way in: JSON lines, the levels on their own output streams. */
export const gateway: DemoService = {
  name: "gateway",
  replicas: 1,
  requestLines(request) {
    const endMs = request.atMs + request.tookMs;
    const failed = request.outcome === "crash";
    return [
      {
        atMs: request.atMs,
        stream: "stdout",
        text: json({
          ts: isoTime(request.atMs),
          level: "info",
          msg: "request received",
          request_id: request.id,
          method: "POST",
          path: "/v1/chat",
          user_id: request.user,
          client: request.client,
        }),
      },
      {
        atMs: endMs,
        stream: failed ? "stderr" : "stdout",
        text: json({
          ts: isoTime(endMs),
          level: failed ? "error" : "info",
          msg: failed ? "upstream ai-agent failed" : "request completed",
          request_id: request.id,
          status: failed ? 500 : 200,
          duration_ms: rounded(request.tookMs),
          // The silent failures look like any other answer from here.
          bytes:
            request.outcome === "none"
              ? 4
              : request.outcome === "rate_limited"
                ? 24
                : 200 + request.question.length * 31,
        }),
      },
    ];
  },
  startLines: (atMs) => [
    {
      atMs,
      stream: "stdout",
      text: json({ ts: isoTime(atMs), level: "info", msg: "listening", port: 8080, version: "1.14.2" }),
    },
  ],
  idleLine: (atMs) => ({
    atMs,
    stream: "stdout",
    text: json({ ts: isoTime(atMs), level: "debug", msg: "upstreams healthy", healthy: 4 }),
  }),
  lastLines: (atMs) => [
    {
      atMs,
      stream: "stderr",
      text: json({ ts: isoTime(atMs), level: "fatal", msg: "out of memory", heap_mb: 512, limit_mb: 512 }),
    },
  ],
};
