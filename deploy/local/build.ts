import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { messageOf, ServiceError } from "@sluice/model";

/**
 * Builds the Explore page and the server; turbo knows what is built already.
 *
 * @param signal ends the build.
 * @throws {ServiceError} `unavailable` with the end of what the build printed.
 */
export async function build(repository: string, signal: AbortSignal): Promise<void> {
  const tools = join(repository, "node_modules/.bin");
  const filters = ["explore", "server", "agent"].map((name) => `--filter=@sluice/${name}`);
  const turbo = spawn(join(tools, "turbo"), ["run", "build", ...filters, "--output-logs=errors-only"], {
    cwd: repository,
    // turbo runs each package's script with pnpm, which need not be installed on the machine.
    env: { ...process.env, PATH: `${tools}${delimiter}${process.env["PATH"] ?? ""}`, DO_NOT_TRACK: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  const output: Buffer[] = [];
  turbo.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  turbo.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    turbo.once("error", (error) =>
      reject(new ServiceError("unavailable", `cannot build Sluice: ${messageOf(error)}`, { cause: error })),
    );
    turbo.once("close", resolve);
  });
  if (code !== 0) {
    const lines = Buffer.concat(output).toString().trimEnd().split("\n").slice(-20);
    throw new ServiceError("unavailable", `cannot build Sluice (exit code ${code}):\n  ${lines.join("\n  ")}`);
  }
}
