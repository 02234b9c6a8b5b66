import { expect, test } from "vitest";
import { defaultLimits } from "./limits.ts";
import { narrowestLimits } from "./narrowest-limits.ts";

test("one tenant's limits are its own", () => {
  expect(narrowestLimits([defaultLimits])).toBe(defaultLimits);
});

test("of several tenants the lowest limit holds; 0 is none", () => {
  const some = { ...defaultLimits, max_query_length: 0, max_query_series: 10, required_labels: ["app"] };
  const others = { ...defaultLimits, max_query_length: 5, required_labels: ["app", "env"], volume_enabled: false };
  const third = { ...defaultLimits, max_query_length: 7, minimum_labels_number: 2 };
  expect(narrowestLimits([some, others, third])).toMatchObject({
    max_query_length: 5,
    max_query_series: 10,
    max_query_bytes_read: defaultLimits.max_query_bytes_read,
    required_labels: ["app", "env"],
    minimum_labels_number: 2,
    volume_enabled: false,
  });
});
