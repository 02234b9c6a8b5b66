import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";

/**
 * `npm test`: layers, lint, types and every package's tests through turbo (cached), then one closing line
 * 'N passed, N failed' added up from the packages' reports. The exit code is turbo's.
 */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

const turboEnv = { ...process.env, DO_NOT_TRACK: "1", TURBO_TELEMETRY_DISABLED: "1" };

function run(command: string, args: readonly string[]): number {
  return spawnSync(command, args, { stdio: "inherit", env: turboEnv }).status ?? 1;
}

const boundaries = run("turbo", ["boundaries"]);
const tasks = run("turbo", [
  "run",
  "lint",
  "typecheck",
  "test",
  "--concurrency=2",
  "--continue",
  "--output-logs=errors-only",
  ...process.argv.slice(2),
]);

let passed = 0;
let failed = 0;
for (const manifest of globSync([
  "apps/*/package.json",
  "packages/*/package.json",
  "deploy/package.json",
  "e2e/package.json",
])) {
  const path = manifest.replace("package.json", ".reports/vitest.json");
  if (!existsSync(path)) {
    console.error(`no test report in ${path}: its tests did not run`);
    failed += 1;
    continue;
  }
  const report = JSON.parse(readFileSync(path, "utf8")) as Report;
  passed += report.numPassedTests;
  failed += report.numFailedTests;
}
if (failed === 0 && (boundaries !== 0 || tasks !== 0)) {
  failed = 1;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
