import { seededRng } from "@sluice/testkit";
import { describe, expect, test } from "vitest";
import type { TimedLine } from "../demo-service.ts";
import { drawOutcome, drawRequest, isIncident, type Outcome } from "../request.ts";
import { demoServices, linesPerRequest } from "./index.ts";

const atMs = Date.parse("2026-11-25T12:00:00Z");
const outcomes: readonly Outcome[] = ["ok", "rate_limited", "none", "timeout", "crash"];

/** Every service's lines of one request, in order of time. */
function story(outcome: Outcome, seed = 1, promptLogged = false): (TimedLine & { readonly service: string })[] {
  const request = drawRequest(seededRng(seed), { atMs, outcome, id: "req-abc-123", promptLogged });
  return demoServices
    .flatMap((service) => service.requestLines(request).map((line) => ({ ...line, service: service.name })))
    .sort((one, other) => one.atMs - other.atMs);
}

describe.for(outcomes)("a request that ends as %s", (outcome) => {
  test("has its id in every line but a traceback's inner ones", () => {
    const without = story(outcome).filter((line) => !line.text.includes("req-abc-123"));
    expect(without.filter((line) => !/^Traceback|^ {2,}/u.test(line.text))).toEqual([]);
    expect(without.length > 0).toBe(outcome === "crash");
  });

  test("runs through the services in the order of its calls", () => {
    const lines = story(outcome);
    expect(lines[0]!.service).toBe("gateway");
    expect(lines[1]!.service).toBe("ai-agent");
    expect(lines.at(-1)!.service).toBe("gateway");
    const hops = lines.map((line) => line.service).filter((service) => service !== "gateway" && service !== "ai-agent");
    const inOrder = hops.filter((service, index) => service !== hops[index - 1]);
    expect(inOrder).toEqual(outcome === "crash" ? ["retriever", "llm"] : ["retriever", "llm", "tool", "llm"]);
  });

  test("gives every service its own lines in order of time, each without a line feed", () => {
    const request = drawRequest(seededRng(2), { atMs, outcome, promptLogged: true });
    for (const service of demoServices) {
      const times = service.requestLines(request).map((line) => line.atMs);
      expect(times).toEqual([...times].sort((one, other) => one - other));
    }
    expect(story(outcome, 2, true).some((line) => line.text.includes("\n"))).toBe(false);
  });
});

test.for<{ outcome: Outcome; service: string; stream: string; text: RegExp }>([
  { outcome: "rate_limited", service: "ai-agent", stream: "stdout", text: /\{"error":"rate_limited"\}$/u },
  { outcome: "rate_limited", service: "llm", stream: "stderr", text: /"level":"warn".*"error":"rate_limited"/u },
  { outcome: "rate_limited", service: "gateway", stream: "stdout", text: /"status":200/u },
  { outcome: "none", service: "ai-agent", stream: "stdout", text: /output=None$/u },
  { outcome: "timeout", service: "ai-agent", stream: "stderr", text: /timeout after 2000ms/u },
  { outcome: "timeout", service: "tool", stream: "stderr", text: /^ts=\S+ level=warn msg="timeout after 2000ms" / },
  { outcome: "crash", service: "ai-agent", stream: "stderr", text: /^Traceback \(most recent call last\):$/u },
  { outcome: "crash", service: "gateway", stream: "stderr", text: /"level":"error".*"status":500/u },
])("$outcome: $service writes $text to $stream", ({ outcome, service, stream, text }) => {
  const found = story(outcome).filter((line) => line.service === service && text.test(line.text));
  expect(found.map((line) => line.stream)).toEqual([stream]);
});

test("only failures speak of errors, so that the alert is quiet while all is well", () => {
  const words = /error|rate_limited/u;
  for (const outcome of ["ok", "none", "timeout"] as const) {
    for (let seed = 0; seed < 50; seed++) {
      expect(story(outcome, seed).filter((line) => words.test(line.text))).toEqual([]);
    }
  }
  for (const service of demoServices) {
    const others = [...service.startLines(atMs), service.idleLine(atMs)];
    expect(others.filter((line) => words.test(line.text))).toEqual([]);
  }
});

test("a logged prompt is longer than one CRI piece", () => {
  const longest = Math.max(...story("ok", 3, true).map((line) => Buffer.byteLength(line.text)));
  expect(longest).toBeGreaterThan(32 * 1024);
});

test("the lines of a request are as many as the rate counts on", () => {
  const rng = seededRng(7);
  let lines = 0;
  for (let i = 0; i < 500; i++) {
    const request = drawRequest(rng, { atMs, outcome: drawOutcome(rng, false) });
    lines += demoServices.reduce((sum, service) => sum + service.requestLines(request).length, 0);
  }
  expect(lines / 500).toBeGreaterThan(linesPerRequest * 0.95);
  expect(lines / 500).toBeLessThan(linesPerRequest * 1.05);
});

test("the alert's threshold (5 a minute) lies between the quiet time and an incident", () => {
  const rng = seededRng(11);
  const matchesPerMinute = (trouble: boolean): number => {
    // 30 lines a second are 82 requests a minute.
    let matches = 0;
    for (let i = 0; i < 82 * 50; i++) {
      const request = drawRequest(rng, { atMs, outcome: drawOutcome(rng, trouble) });
      const lines = demoServices.flatMap((service) => service.requestLines(request));
      matches += lines.filter((line) => /error|rate_limited/u.test(line.text)).length;
    }
    return matches / 50;
  };
  expect(matchesPerMinute(false)).toBeLessThan(2);
  expect(matchesPerMinute(true)).toBeGreaterThan(20);
});

test("an incident comes within the first minute and ends", () => {
  expect([0, 39_000, 40_000, 89_000, 90_000, 280_000].map(isIncident)).toEqual([false, false, true, true, false, true]);
});
