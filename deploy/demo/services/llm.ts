import { type DemoService, isoTime, json, rounded, type TimedLine } from "../demo-service.ts";
import type { DemoRequest, Hop } from "../request.ts";

const model = "atlas-large-2";

/** The proxy before the language model: JSON lines; now and then a whole prompt in one line. */
export const llm: DemoService = {
  name: "llm",
  replicas: 1,
  requestLines: (request) =>
    request.hops.flatMap((hop) =>
      hop.service === "llm" ? [...callLines(request, hop), answerLine(request, hop)] : [],
    ),
  startLines: (atMs) => [
    {
      atMs,
      stream: "stdout",
      text: json({ ts: isoTime(atMs), level: "info", msg: "model ready", model, warmup_ms: 1840 }),
    },
  ],
  idleLine: (atMs) => ({
    atMs,
    stream: "stdout",
    text: json({
      ts: isoTime(atMs),
      level: "debug",
      msg: "quota",
      model,
      tokens_left: 1_000_000 - (Math.floor(atMs / 1000) % 60) * 9000,
    }),
  }),
  lastLines: (atMs) => [
    {
      atMs,
      stream: "stderr",
      text: json({ ts: isoTime(atMs), level: "fatal", msg: "worker died", signal: "SIGKILL", reason: "OOMKilled" }),
    },
  ],
};

function callLines(request: DemoRequest, hop: Hop): readonly TimedLine[] {
  const atMs = request.atMs + hop.afterMs + 0.7;
  const call = {
    ts: isoTime(atMs),
    level: "info",
    msg: "completion started",
    request_id: request.id,
    operation: hop.operation,
    model,
  };
  const lines: TimedLine[] = [{ atMs, stream: "stdout", text: json(call) }];
  if (request.promptLogged && hop.operation === "plan") {
    lines.push({
      atMs: atMs + 0.1,
      stream: "stdout",
      text: json({
        ts: isoTime(atMs),
        level: "debug",
        msg: "prompt",
        request_id: request.id,
        prompt: longPrompt(request),
      }),
    });
  }
  return lines;
}

function answerLine(request: DemoRequest, hop: Hop): TimedLine {
  const atMs = request.atMs + hop.afterMs + hop.tookMs - 0.4;
  const about = { request_id: request.id, operation: hop.operation, model, duration_ms: rounded(hop.tookMs - 1.1) };
  if (hop.failed) {
    return {
      atMs,
      stream: "stderr",
      text: json({
        ts: isoTime(atMs),
        level: "warn",
        msg: "provider answered 429",
        ...about,
        body: { error: "rate_limited" },
      }),
    };
  }
  return {
    atMs,
    stream: "stdout",
    text: json({ ts: isoTime(atMs), level: "info", msg: "completion finished", ...about, tokens: hop.amount }),
  };
}

/** About 40 KiB, so that the runtime has to cut the line into three. */
function longPrompt(request: DemoRequest): string {
  const passages = Array.from(
    { length: 160 },
    (_, index) =>
      `[${index}] Orders that were placed before noon leave the warehouse on the same day; “express” parcels have a label of their own. ` +
      "A customer may change the address until the label is printed, and cancel until the parcel is handed over.",
  );
  return `You are a helpful assistant. Use only the passages below.\n\n${passages.join("\n")}\n\nQuestion: ${request.question}`;
}
