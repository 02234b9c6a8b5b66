import { expect, test } from "vitest";
import { checkTenant } from "./tenant.ts";

test.for(["fake", "team-a", "a_b.c*'()!"])("tenant %s is fine", (tenant) => {
  expect(checkTenant(tenant)).toBe(tenant);
});

test.for([
  ["a/b", "tenant ID 'a/b' contains unsupported character '/'"],
  ["..", "tenant ID is '.' or '..'"],
  ["x".repeat(151), "tenant ID is too long: max 150 characters"],
] as const)("tenant %s is refused", ([tenant, message]) => {
  expect(() => checkTenant(tenant)).toThrow(message);
});
