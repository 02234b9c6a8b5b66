import type { Rng } from "@sluice/model";
import { between, hex, integerBetween, pick } from "./chance.ts";

/** The id that comes back every now and then, so that a search for it always has an answer. */
export const wellKnownRequestId = "req-abc-123";

/**
 * How a request ends. `rate_limited` and `none` are the silent failures: the caller gets a 200 and only the log knows.
 */
export type Outcome = "ok" | "rate_limited" | "none" | "timeout" | "crash";

export type HopService = "retriever" | "llm" | "tool";

/** One call that the agent makes for a request. */
export interface Hop {
  readonly service: HopService;
  readonly operation: string;
  /** When the call begins, milliseconds after the request's start. */
  readonly afterMs: number;
  readonly tookMs: number;
  /** What the call counts: documents found, tokens made, rows read. */
  readonly amount: number;
  readonly failed: boolean;
}

/** Everything about one request, so that each service can write its own lines of it. Plain JSON. */
export interface DemoRequest {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly user: string;
  readonly client: string;
  readonly question: string;
  readonly outcome: Outcome;
  readonly hops: readonly Hop[];
  readonly tookMs: number;
  /** Whether the model's prompt is logged in full: one very long line. */
  readonly promptLogged: boolean;
}

const questions = [
  "Where is my parcel?",
  "Cancel the order from yesterday",
  "Which plan fits a team of twelve?",
  "Summarise the incident of last night",
  "Wie ändere ich meine Adresse?",
  "Compare the last two invoices",
  "What does code 0x80070005 mean?",
];
const tools = ["order_lookup", "calendar", "sql_query", "web_fetch"];
const toolTimeoutMs = 2000;

/** The share of requests that fail: a quiet service, and one whose model provider is in trouble. */
const quiet: Readonly<Record<Exclude<Outcome, "ok">, number>> = {
  rate_limited: 0.002,
  none: 0.01,
  timeout: 0.02,
  crash: 0.003,
};
const incident: typeof quiet = { rate_limited: 0.3, none: 0.04, timeout: 0.06, crash: 0.05 };

/**
 * The provider's trouble comes back: it starts 40 s after the demo does and then every 4 minutes, for 50 s.
 *
 * @param runningMs milliseconds since the demo started.
 */
export function isIncident(runningMs: number): boolean {
  const phase = runningMs % 240_000;
  return phase >= 40_000 && phase < 90_000;
}

/** Draws how a request ends. */
export function drawOutcome(rng: Rng, trouble: boolean): Outcome {
  let left = rng.next();
  for (const [outcome, share] of Object.entries(trouble ? incident : quiet)) {
    left -= share;
    if (left < 0) {
      return outcome as Outcome;
    }
  }
  return "ok";
}

export interface RequestOptions {
  readonly atMs: number;
  readonly outcome: Outcome;
  /** Absent: a new id. */
  readonly id?: string;
  readonly promptLogged?: boolean;
}

/** Draws one request: search, rerank, plan, tool, answer, each a hop to another service. */
export function drawRequest(rng: Rng, options: RequestOptions): DemoRequest {
  const { outcome } = options;
  const hops: Hop[] = [];
  let clockMs = between(rng, 3, 6);
  const call = (service: HopService, operation: string, tookMs: number, amount: number, failed: boolean): void => {
    hops.push({ service, operation, afterMs: clockMs, tookMs, amount, failed });
    clockMs += tookMs + between(rng, 1, 3);
  };
  call("retriever", "search", between(rng, 8, 40), integerBetween(rng, 3, 40), false);
  call("retriever", "rerank", between(rng, 3, 12), integerBetween(rng, 3, 8), false);
  call("llm", "plan", between(rng, 120, 600), integerBetween(rng, 20, 90), false);
  const tool = pick(rng, tools);
  if (outcome === "timeout") {
    call("tool", tool, toolTimeoutMs, 0, true);
  }
  if (outcome !== "crash") {
    call("tool", tool, between(rng, 15, 200), integerBetween(rng, 1, 30), false);
  }
  if (outcome === "rate_limited") {
    call("llm", "answer", between(rng, 20, 60), 0, true);
  } else if (outcome !== "crash") {
    call("llm", "answer", between(rng, 200, 1500), integerBetween(rng, 60, 700), false);
  }
  return {
    id: options.id ?? `req-${hex(rng, 12)}`,
    atMs: options.atMs,
    user: `u-${integerBetween(rng, 1000, 9999)}`,
    client: `10.42.${integerBetween(rng, 0, 3)}.${integerBetween(rng, 2, 250)}:${integerBetween(rng, 32_768, 60_999)}`,
    question: pick(rng, questions),
    outcome,
    hops,
    tookMs: clockMs + 1,
    promptLogged: options.promptLogged ?? false,
  };
}
