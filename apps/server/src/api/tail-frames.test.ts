import { labelsFromRecord, type ResultStream } from "@sluice/model";
import { quietMetrics } from "@sluice/testkit";
import { expect, test } from "vitest";
import type { WebSocket } from "ws";
import { sizeOf, TailFrames } from "./tail-frames.ts";

/** Empty lines of which each has a label of a hundred thousand characters. */
function linesWithLargeLabels(count: number): ResultStream {
  const metadata = labelsFromRecord({ trace: "x".repeat(100_000) });
  const entries = Array.from({ length: count }, (_, i) => ({ timestampNs: BigInt(i), line: "", metadata, parsed: [] }));
  return { labels: labelsFromRecord({ app: "a" }), entries };
}

test("frames are of no great size where labels are what is large", () => {
  const sent: string[] = [];
  const socket = { readyState: 1, OPEN: 1, bufferedAmount: 0, send: (text: string) => sent.push(text) };
  const options = { tenant: "t", encodingFlags: [], isLegacy: false, metrics: quietMetrics };
  new TailFrames(socket as unknown as WebSocket, options).send([linesWithLargeLabels(100)]);
  const frames = sent.map((text) => JSON.parse(text) as { readonly streams: readonly unknown[] });
  expect(frames.flatMap(({ streams }) => streams)).toHaveLength(100);
  expect(Math.max(...sent.map(({ length }) => length))).toBeLessThan(1_500_000);
});

test("what waits is counted with its labels", () => {
  expect(sizeOf([linesWithLargeLabels(3)])).toBeGreaterThan(300_000);
});
