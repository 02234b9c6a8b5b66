import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { ActiveStreams, streamIdleMs } from "./active-streams.ts";

test.for([{ length: 10 }, { length: 40_000 }])("streams of $length characters are told apart", ({ length }) => {
  const streams = new ActiveStreams();
  const [a, b, c] = ["a", "b", "c"].map((last) => `${"x".repeat(length)}${last}`) as [string, string, string];
  const bucket = streams.bucketOf(a, 2, 100, 0);
  expect(bucket).toBeDefined();
  expect(streams.bucketOf(b, 2, 100, streamIdleMs)).not.toBe(bucket);
  expect(streams.bucketOf(c, 2, 100, 0)).toBeUndefined();
  expect(streams.bucketOf(a, 2, 100, 0)).toBe(bucket);
  streams.forgetIdle(streamIdleMs + 1);
  expect(streams.count).toBe(1);
  expect(streams.bucketOf(c, 2, 100, 0)).toBeDefined();
});

test("five thousand streams with labels as long as they may be take a few megabytes", () => {
  const streams = new ActiveStreams();
  const count = 5000;
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < count; i++) {
    // A text of its own, not a rope.
    streams.bucketOf(Buffer.alloc(45_000, `${i} `).toString(), count, count, 0);
  }
  collectGarbage();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
  expect(streams.count).toBe(count);
});
