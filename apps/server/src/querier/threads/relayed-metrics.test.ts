import { createMetrics } from "@sluice/service";
import { expect, test } from "vitest";
import { RelayedCounts, RelayedMetrics } from "./relayed-metrics.ts";

/** A thread's metrics, and what is made of them here. */
function setUp() {
  const registry = createMetrics();
  const thread = (): {
    readonly metrics: RelayedMetrics;
    readonly counts: RelayedCounts;
    readonly tell: () => void;
  } => {
    const metrics = new RelayedMetrics();
    const counts = new RelayedCounts(registry.metrics);
    return { metrics, counts, tell: () => counts.apply(structuredClone(metrics.take())) };
  };
  const shown = async (name: string): Promise<string[]> =>
    (await registry.render()).split("\n").filter((line) => line.startsWith(name));
  return { registry, thread, shown };
}

test("what threads count adds up", async () => {
  const { registry, thread, shown } = setUp();
  registry.metrics.counter("reads_total", "Reads.", ["cache"]).add(1, { cache: "a" });
  for (const { metrics, tell } of [thread(), thread()]) {
    const reads = metrics.counter("reads_total", "Reads.", ["cache"]);
    reads.add(2, { cache: "a" });
    reads.add(3, { cache: "a" });
    reads.add(0, { cache: "b" });
    metrics.histogram("seconds", "Time.", [1, 10]).observe(5);
    tell();
    tell();
    reads.add(10, { cache: "b" });
    tell();
  }
  expect(await shown("reads_total")).toEqual(['reads_total{cache="a"} 11', 'reads_total{cache="b"} 20']);
  expect(await shown("seconds_")).toEqual(expect.arrayContaining(["seconds_sum 10", "seconds_count 2"]));
});

test("a gauge is the sum of what each thread has set it to, without those that have ended", async () => {
  const { registry, thread, shown } = setUp();
  registry.metrics.gauge("bytes", "Bytes.").add(1);
  const [first, second] = [thread(), thread()];
  first.metrics.gauge("bytes", "Bytes.").set(10);
  second.metrics.gauge("bytes", "Bytes.").add(200);
  first.tell();
  second.tell();
  first.metrics.gauge("bytes", "Bytes.").set(4);
  first.tell();
  expect(await shown("bytes")).toEqual(["bytes 205"]);
  second.counts.end();
  expect(await shown("bytes")).toEqual(["bytes 5"]);
});
