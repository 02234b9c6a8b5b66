import { type DemoService, pythonTime, rounded, type TimedLine, tracebackLines } from "../demo-service.ts";
import type { DemoRequest, Hop } from "../request.ts";

/** The FastAPI application with its LangGraph graph: uvicorn's lines, Python logging lines, tracebacks. */
export const aiAgent: DemoService = {
  name: "ai-agent",
  replicas: 2,
  requestLines(request) {
    const startMs = request.atMs + 1.6;
    const endMs = request.atMs + request.tookMs - 0.6;
    return [
      graphLine(
        startMs,
        "INFO",
        request,
        `graph started user=${request.user} question=${JSON.stringify(request.question)}`,
      ),
      ...request.hops.flatMap((hop) => hopLines(request, hop)),
      ...outcomeLines(request, endMs - 0.4),
      accessLine(endMs, request),
    ];
  },
  startLines: (atMs) =>
    [
      "INFO:     Started server process [1]",
      "INFO:     Waiting for application startup.",
      "INFO:     Application startup complete.",
      "INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)",
    ].map((text, index) => ({ atMs: atMs + index, stream: "stderr", text })),
  idleLine: (atMs) => ({ atMs, stream: "stdout", text: 'INFO:     10.42.0.1:40112 - "GET /healthz HTTP/1.1" 200 OK' }),
  lastLines: (atMs) => [
    { atMs, stream: "stderr", text: `${pythonTime(atMs)} CRITICAL uvicorn.error worker 1 is out of memory` },
    ...tracebackLines(
      atMs + 0.2,
      [
        ['"/app/agent/graph.py", line 203, in run', "state = await self.pregel.ainvoke(state)"],
        ['"/app/agent/memory.py", line 58, in load', "history = [json.loads(row) for row in rows]"],
      ],
      "MemoryError",
    ),
  ],
};

function graphLine(
  atMs: number,
  level: "INFO" | "WARNING" | "ERROR",
  request: DemoRequest,
  message: string,
): TimedLine {
  return {
    atMs,
    stream: level === "INFO" ? "stdout" : "stderr",
    text: `${pythonTime(atMs)} ${level} langgraph.pregel [${request.id}] ${message}`,
  };
}

function hopLines(request: DemoRequest, hop: Hop): readonly TimedLine[] {
  const startMs = request.atMs + hop.afterMs;
  const endMs = startMs + hop.tookMs;
  const lines = [graphLine(startMs, "INFO", request, `node=${hop.operation} -> ${hop.service}`)];
  if (hop.service === "tool" && hop.failed) {
    lines.push(
      graphLine(endMs, "WARNING", request, `node=${hop.operation} timeout after ${hop.tookMs}ms, trying once more`),
    );
  } else if (hop.service === "llm" && !hop.failed) {
    lines.push(
      graphLine(endMs, "INFO", request, `node=${hop.operation} tokens=${hop.amount} took=${rounded(hop.tookMs)}ms`),
    );
  }
  return lines;
}

/** What the graph gives back. The silent failures are logged like any other answer. */
function outcomeLines(request: DemoRequest, atMs: number): readonly TimedLine[] {
  switch (request.outcome) {
    case "none":
      return [graphLine(atMs, "INFO", request, "graph finished output=None")];
    case "rate_limited":
      return [graphLine(atMs, "INFO", request, 'graph finished output={"error":"rate_limited"}')];
    case "crash":
      return [
        graphLine(atMs, "ERROR", request, "Exception in ASGI application"),
        ...tracebackLines(
          atMs + 0.02,
          [
            [
              '"/usr/local/lib/python3.12/site-packages/uvicorn/protocols/http/h11_impl.py", line 403, in run_asgi',
              "result = await app(self.scope, self.receive, self.send)",
            ],
            ['"/app/agent/main.py", line 87, in chat', "answer = await graph.ainvoke(state)"],
            ['"/app/agent/nodes/plan.py", line 41, in plan', 'calls = reply["tool_calls"]'],
          ],
          `KeyError: 'tool_calls' (request_id=${request.id})`,
        ),
      ];
    default:
      return [graphLine(atMs, "INFO", request, "graph finished")];
  }
}

function accessLine(atMs: number, request: DemoRequest): TimedLine {
  const status = request.outcome === "crash" ? "500 Internal Server Error" : "200 OK";
  return {
    atMs,
    stream: "stdout",
    text: `INFO:     ${request.client} - "POST /v1/chat?request_id=${request.id} HTTP/1.1" ${status}`,
  };
}
