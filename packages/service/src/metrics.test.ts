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

test("tenants beyond the bound count as one", async () => {
  const registry = createMetrics({ tenantsMax: 2 });
  const lines = registry.metrics.counter("lines_total", "Lines.", ["tenant"]);
  for (const tenant of ["a", "b", "c", "d", "a"]) {
    lines.add(1, { tenant });
  }
  const text = await registry.render();
  expect([...text.matchAll(/^lines_total\{.*$/gmu)].map(([line]) => line)).toEqual([
    'lines_total{tenant="a"} 2',
    'lines_total{tenant="b"} 1',
    'lines_total{tenant="other"} 2',
  ]);
});
