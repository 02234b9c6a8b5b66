import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeFileSystem } from "@sluice/model/node";
import { createMetrics } from "@sluice/service";
import { quietLogger, temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { defaultLimits } from "../limits.ts";
import { TenantLimits } from "./tenant-limits.ts";

test("a file that is empty for a while takes no overrides away, one that says so does", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "overrides.yaml");
  const registry = createMetrics();
  writeFileSync(file, "");
  const limits = await TenantLimits.open({
    base: defaultLimits,
    file,
    fs: nodeFileSystem,
    logger: quietLogger,
    metrics: registry.metrics,
  });
  expect(limits.of("acme")).toBe(defaultLimits);

  const reloadWith = async (text: string): Promise<number> => {
    writeFileSync(file, text);
    await limits.reload();
    return limits.of("acme").retention_period;
  };
  const year = 365 * 86_400_000;
  expect(await reloadWith("overrides: { acme: { retention_period: 1y } }\n")).toBe(year);
  expect(await reloadWith("")).toBe(year);
  expect(await reloadWith("\n")).toBe(year);
  expect(await registry.render()).toMatch(/^sluice_runtime_config_last_reload_successful 0$/mu);
  expect(await reloadWith("overrides: {}\n")).toBe(0);
  expect(await registry.render()).toMatch(/^sluice_runtime_config_last_reload_successful 1$/mu);
});
