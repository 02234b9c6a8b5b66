import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compileKernels, modulePath, renderModule } from "../build/compile.ts";

test("the committed module is what assembly/ compiles to: else run `npx pnpm --filter @sluice/kernels generate`", async () => {
  expect(readFileSync(modulePath, "utf8")).toBe(renderModule(await compileKernels()));
});
