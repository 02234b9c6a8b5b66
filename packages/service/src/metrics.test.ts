import { expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";

test("what parts count is rendered, and asking for a name twice gives the same metric", async () => {
  const registry = createMetrics();
  const { metrics } = registry;
  metrics.counter("lines_total", "Lines.", ["tenant"]).add(2, { tenant: "a" });
  metrics.counter("lines_total", "Lines.", ["tenant"]).add(3, { tenant: "a" });
  metrics.gauge("waiting", "Waiting.").set(7);
  metrics.histogram("seconds", "Seconds.", [1, 2]).observe(1.5);
  const text = await registry.render();
  expect(text).toContain('lines_total{tenant="a"} 5');
  expect(text).toContain("waiting 7");
  expect(text).toContain('seconds_bucket{le="2"} 1');
});
