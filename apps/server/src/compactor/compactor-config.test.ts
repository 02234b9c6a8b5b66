import { expect, test } from "vitest";
import { CompactorConfig } from "./compactor-config.ts";

test("a delay in which no flush could come to its commit is refused", () => {
  expect(CompactorConfig.parse({}).retention_delete_delay).toBe(7_200_000);
  expect(() => CompactorConfig.parse({ retention_delete_delay: "0s" })).toThrow("must be at least 1s");
});
