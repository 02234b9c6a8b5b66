import { labelsFromRecord } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { SampleSink } from "./sample-sink.ts";
import { TimeOrder } from "./time-order.ts";

/** Remembers what it is given: the values tell the samples apart. */
function recorder(): SampleSink & { readonly seen: number[] } {
  const seen: number[] = [];
  return {
    seen,
    slot: () => 0,
    beginBlock() {},
    add: (_slot, _timeNs, _first, _last, value) => seen.push(value),
    finish: () => [],
  };
}

test("samples of streams that overlap come in the order of time, then of streams, then of arrival", () => {
  const block = fc.record({
    stream: fc.nat(2),
    timesNs: fc.array(fc.nat(30), { minLength: 1, maxLength: 8 }).map((times) => times.sort((a, b) => a - b)),
  });
  fc.assert(
    fc.property(fc.array(block, { maxLength: 12 }), (blocks) => {
      const ordered = blocks.toSorted((a, b) => a.timesNs[0]! - b.timesNs[0]!);
      const samples = ordered
        .flatMap(({ stream, timesNs }) => timesNs.map((timeNs) => ({ stream, timeNs })))
        .map((sample, value) => ({ ...sample, value }));
      const next = recorder();
      const order = new TimeOrder(next);
      let value = 0;
      for (const [i, { stream, timesNs }] of ordered.entries()) {
        order.beginBlock(timesNs[0]!, stream, ordered[i + 1]?.timesNs[0] ?? Number.POSITIVE_INFINITY);
        for (const timeNs of timesNs) {
          order.add(0, timeNs, 0, 0, value++);
        }
      }
      order.finish();
      const expected = samples.sort((a, b) => a.timeNs - b.timeNs || a.stream - b.stream || a.value - b.value);
      expect(next.seen).toEqual(expected.map((sample) => sample.value));
    }),
    { numRuns: 2000 },
  );
});

test("samples wait no longer than they must: memory follows what overlaps, not the query", () => {
  const next = recorder();
  const order = new TimeOrder(next);
  const [streams, blocks, size] = [3, 100, 2000];
  let waitingMax = 0;
  let added = 0;
  for (let b = 0; b < blocks; b++) {
    for (let stream = 0; stream < streams; stream++) {
      const isLast = stream === streams - 1;
      order.beginBlock(b * size, stream, isLast ? (b + 1) * size : b * size);
      for (let i = 0; i < size; i++) {
        order.add(order.slot(labelsFromRecord({})), b * size + i, 0, 0, added++);
      }
      waitingMax = Math.max(waitingMax, added - next.seen.length);
    }
  }
  order.finish();
  expect(next.seen.length).toBe(streams * blocks * size);
  expect(waitingMax).toBeLessThan(50_000);
});
