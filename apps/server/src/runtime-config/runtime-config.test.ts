import { expect, test } from "vitest";
import { parseOverrides } from "./runtime-config.ts";

test.for([
  {
    title: "an unknown key",
    text: "overrides:\n  a:\n    max_line: 1\n",
    told: "o.yaml:3: overrides.a.max_line: unknown key",
  },
  {
    title: "an unknown section",
    text: "override: {}\n",
    told: "o.yaml:1: override: unknown key, did you mean overrides?",
  },
  {
    title: "a section of Loki that means nothing here",
    text: "overrides: {}\nconfigs:\n  a: { log_stream_creation: true }\n",
    told: "o.yaml:2: configs: not supported: what is logged does not depend on the tenant",
  },
  {
    title: "a limit that is not there yet",
    text: "overrides:\n  a:\n    policy_stream_mapping: {}\n",
    told: "o.yaml:3: overrides.a.policy_stream_mapping: not supported: limits are per tenant, not per policy",
  },
  {
    title: "a tenant that cannot be",
    text: "overrides:\n  a/b: {}\n",
    told: "o.yaml:2: overrides.a/b: tenant ID 'a/b' contains unsupported character '/'",
  },
  {
    title: "a wrong selector",
    text: "overrides:\n  a:\n    retention_stream:\n      - { selector: '{', period: 1d }\n",
    told: "o.yaml:4: overrides.a.retention_stream.0.selector: parse error",
  },
  { title: "a broken file", text: "overrides: [\n", told: "o.yaml:" },
])("$title is told with its line", ({ text, told }) => {
  expect(() => parseOverrides("o.yaml", text)).toThrow(told);
});

test.for(["", "overrides:\n", "overrides: {}\n"])("%o overrides nothing", (text) => {
  expect(parseOverrides("o.yaml", text).size).toBe(0);
});

test("only what is said is overridden, and keys without effect are passed over", () => {
  const text = "overrides:\n  a: { max_line_size: 1KB, cardinality_limit: 5 }\n  b:\n";
  expect(Object.fromEntries(parseOverrides("o.yaml", text))).toEqual({
    a: { set: { max_line_size: 1024 }, ignoredKeys: ["cardinality_limit"] },
    b: { set: {}, ignoredKeys: [] },
  });
});
