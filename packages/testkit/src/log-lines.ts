import type { Rng } from "@sluice/model";
import { pick, randomHex, randomInt, randomUuid } from "./random.ts";

const levels = ["info", "info", "info", "info", "info", "info", "debug", "debug", "warn", "error"] as const;
const methods = ["GET", "POST", "PUT", "DELETE"] as const;
const routes = ["/api/cart", "/api/checkout", "/api/search", "/healthz", "/api/users/profile"] as const;
const messages = [
  "request completed",
  "cache miss, loading from database",
  "upstream timeout, retrying",
  "payment authorised",
  "connection reset by peer",
] as const;
const statuses = [200, 200, 200, 200, 201, 204, 302, 404, 500, 503] as const;

function jsonLine(rng: Rng, atMs: number): string {
  return JSON.stringify({
    ts: new Date(atMs).toISOString(),
    level: pick(rng, levels),
    msg: pick(rng, messages),
    request_id: randomUuid(rng),
    trace_id: randomHex(rng, 32),
    method: pick(rng, methods),
    path: pick(rng, routes),
    user_id: randomInt(rng, 100_000),
    status: pick(rng, statuses),
    latency_ms: randomInt(rng, 2000) / 10,
    bytes: randomInt(rng, 65_536),
    remote_ip: `10.${randomInt(rng, 256)}.${randomInt(rng, 256)}.${randomInt(rng, 256)}`,
  });
}

function logfmtLine(rng: Rng, atMs: number): string {
  return (
    `ts=${new Date(atMs).toISOString()} level=${pick(rng, levels)} msg="${pick(rng, messages)}" ` +
    `request_id=${randomUuid(rng)} status=${pick(rng, statuses)} duration=${randomInt(rng, 900)}ms caller=handler.go:${randomInt(rng, 500)}`
  );
}

function accessLine(rng: Rng, atMs: number): string {
  return (
    `10.${randomInt(rng, 256)}.${randomInt(rng, 256)}.${randomInt(rng, 256)} - - [${new Date(atMs).toISOString()}] ` +
    `"${pick(rng, methods)} ${pick(rng, routes)}?id=${randomHex(rng, 16)} HTTP/1.1" ${pick(rng, statuses)} ${randomInt(rng, 65_536)} "-" "Mozilla/5.0"`
  );
}

function plainLine(rng: Rng, atMs: number): string {
  return `${new Date(atMs).toISOString()} ${pick(rng, levels).toUpperCase()} [worker-${randomInt(rng, 16)}] ${pick(rng, messages)} id=${randomUuid(rng)}`;
}

const writers = { json: jsonLine, logfmt: logfmtLine, access: accessLine, plain: plainLine } as const;

export type LogFormat = keyof typeof writers;

/** One log line of a service that writes in this format, as most do write in one only. */
export function logLineIn(format: LogFormat, rng: Rng, atMs: number): string {
  return writers[format](rng, atMs);
}

/**
 * One log line as real services write them: half JSON, the rest logfmt, access log and plain text. Nearly every line
 * carries a random id, which makes the corpus harder to compress than most clusters' logs.
 *
 * @param atMs the line's time, milliseconds since the epoch.
 */
export function logLine(rng: Rng, atMs: number): string {
  const kind = rng.next();
  if (kind < 0.5) {
    return jsonLine(rng, atMs);
  }
  if (kind < 0.65) {
    return logfmtLine(rng, atMs);
  }
  return kind < 0.85 ? accessLine(rng, atMs) : plainLine(rng, atMs);
}
