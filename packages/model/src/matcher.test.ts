import { expect, test } from "vitest";
import { labelsFromRecord } from "./labels.ts";
import { compileMatchers } from "./matcher.ts";

const labels = labelsFromRecord({ app: "ai-agent", pod: "ai-agent-0" });

test.for([
  ["app", "=", "ai-agent", true],
  ["app", "=", "ai", false],
  ["app", "!=", "ai", true],
  ["app", "=~", "ai-.*", true],
  ["app", "=~", "agent", false],
  ["app", "=~", "web|ai-agent", true],
  ["app", "!~", "ai", true],
  ["missing", "=", "", true],
  ["missing", "!=", "", false],
  ["missing", "=~", ".*", true],
  ["missing", "=~", ".+", false],
] as const)("%s%s%s is %s", ([name, operator, value, holds]) => {
  expect(compileMatchers([{ name, operator, value }])(labels)).toBe(holds);
});

test("all matchers must hold", () => {
  const app = { name: "app", operator: "=", value: "ai-agent" } as const;
  expect(compileMatchers([app, { name: "pod", operator: "=", value: "other" }])(labels)).toBe(false);
  expect(compileMatchers([])(labels)).toBe(true);
});
