import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * A Python with the packages in it: a virtual environment made once in `directory`. Python itself is installed where it
 * is missing and apt and root allow.
 *
 * @param packages each with its version, `name==1.2.3`: what a test shows must not depend on the day it is run.
 */
export function findPython(directory: string, packages: readonly string[]): string {
  const python = join(directory, "bin", "python");
  if (existsSync(python)) {
    const installed = spawnSync(python, ["-m", "pip", "freeze"], { encoding: "utf8" }).stdout.split("\n");
    if (packages.every((wanted) => installed.includes(wanted))) {
      return python;
    }
  }
  if (spawnSync("python3", ["-m", "venv", directory]).status !== 0) {
    run("apt-get", "update");
    run("apt-get", "install", "-y", "--no-install-recommends", "python3", "python3-venv");
    run("python3", "-m", "venv", directory);
  }
  run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages);
  return python;
}

function run(command: string, ...args: readonly string[]): void {
  const result = spawnSync(command, args, { encoding: "utf8" });
  if (result.status !== 0) {
    throw new Error(`the end-to-end tests need Python 3: ${command} ${args.join(" ")} failed: ${result.stderr}`);
  }
}
