import { defineConfig } from "vitest/config";

/** Every package's tests run with this; `.ci/test.ts` adds the JSON reports up. */
export default defineConfig({
  test: {
    reporters: ["default", ["json", { outputFile: ".reports/vitest.json" }]],
    include: ["src/**/*.test.{ts,tsx}", "test/**/*.test.ts", "*.test.ts", "local/**/*.test.ts", "demo/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A busy machine takes its time; who waits for the right answer is not kept by it.
    expect: { poll: { timeout: 15_000 } },
    maxWorkers: 2,
  },
});
