import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { messageOf, ServiceError } from "@sluice/model";

/**
 * Builds the Explore page and whatever else has a build step; turbo knows what is built already.
 *
 * @param signal ends the build.
 * @throws {ServiceError} `unavailable` with the end of what the build printed.
 */
export async function buildPage(repository: string, signal: AbortSignal): Promise<void> {
  const tools = join(repository, "node_modules/.bin");
  const filters = ["explore", "server", "agent"].map((name) => `--filter=@sluice/${name}`);
  const build = spawn(join(tools, "turbo"), ["run", "build", ...filters, "--output-logs=errors-only"], {
    cwd: repository,
    // turbo runs each package's script with pnpm, which need not be installed on the machine.
    env: { ...process.env, PATH: `${tools}${delimiter}${process.env["PATH"] ?? ""}`, DO_NOT_TRACK: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  const output: Buffer[] = [];
  build.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  build.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    build.once("error", (error) =>
      reject(new ServiceError("unavailable", `cannot build the Explore page: ${messageOf(error)}`, { cause: error })),
    );
    build.once("close", resolve);
  });
  if (code !== 0) {
    const lines = Buffer.concat(output).toString().trimEnd().split("\n").slice(-20);
    throw new ServiceError(
      "unavailable",
      `cannot build the Explore page (exit code ${code}):\n  ${lines.join("\n  ")}`,
    );
  }
}
