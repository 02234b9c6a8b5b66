import { type DemoService, isoTime, logfmt, rounded } from "../demo-service.ts";

/** Runs the tools that the plan asks for: logfmt lines. */
export const tool: DemoService = {
  name: "tool",
  replicas: 1,
  requestLines: (request) =>
    request.hops
      .filter((hop) => hop.service === "tool")
      .flatMap((hop) => {
        const startMs = request.atMs + hop.afterMs + 0.5;
        const endMs = request.atMs + hop.afterMs + hop.tookMs - 0.3;
        const about = { request_id: request.id, tool: hop.operation };
        return [
          {
            atMs: startMs,
            stream: "stdout" as const,
            text: logfmt({ ts: isoTime(startMs), level: "info", msg: "tool call", ...about, user: request.user }),
          },
          hop.failed
            ? {
                atMs: endMs,
                stream: "stderr" as const,
                text: logfmt({
                  ts: isoTime(endMs),
                  level: "warn",
                  msg: `timeout after ${hop.tookMs}ms`,
                  ...about,
                  upstream: "crm.internal:443",
                }),
              }
            : {
                atMs: endMs,
                stream: "stdout" as const,
                text: logfmt({
                  ts: isoTime(endMs),
                  level: "info",
                  msg: "tool result",
                  ...about,
                  rows: hop.amount,
                  duration: `${rounded(hop.tookMs - 0.8)}ms`,
                }),
              },
        ];
      }),
  startLines: (atMs) => [
    { atMs, stream: "stdout", text: logfmt({ ts: isoTime(atMs), level: "info", msg: "tools registered", count: 4 }) },
  ],
  idleLine: (atMs) => ({
    atMs,
    stream: "stdout",
    text: logfmt({ ts: isoTime(atMs), level: "debug", msg: "sandbox pool", idle: 8, busy: 0 }),
  }),
  lastLines: (atMs) => [
    {
      atMs,
      stream: "stderr",
      text: logfmt({ ts: isoTime(atMs), level: "fatal", msg: "sandbox pool exhausted, giving up", busy: 8 }),
    },
  ],
};
