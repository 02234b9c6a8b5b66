import { resolve } from "node:path";
import { messageOf } from "@sluice/model";

/** A path as whoever called means it: package managers change the directory to the package's. */
export function pathOfCaller(path: string): string {
  return resolve(process.env["INIT_CWD"] ?? ".", path);
}

/**
 * Runs a command to its exit code. What it throws is said in one line.
 *
 * @param failureCode the exit code when it throws.
 */
export async function runCommand(main: () => Promise<number>, failureCode: number): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = failureCode;
  }
}
