import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "@sluice/model";
import { checkStore } from "../fsck/check-store.ts";
import { readOnlyDirectory } from "../fsck/read-only-directory.ts";
import { progressPrinter } from "./progress.ts";

const usage = `Usage: fsck --data <dir>

Reads everything that the manifest names and checks every byte of it. Changes nothing.

  --data <dir>  The server's data directory, or a directory of objects.
  --help        Show this help.

Exit code: 0 when everything is there and whole, 1 when not, 2 when it cannot be told.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { data: { type: "string" }, help: { type: "boolean", short: "h", default: false } },
  });
  if (values.help || values.data === undefined) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  // Package managers change the directory to the package's.
  const data = resolve(process.env["INIT_CWD"] ?? ".", values.data);
  const directory = existsSync(join(data, "store", "manifest")) ? join(data, "store") : data;
  if (!existsSync(join(directory, "manifest"))) {
    console.error(`${directory} holds no manifest`);
    return 2;
  }
  const report = await checkStore(readOnlyDirectory(directory), { onProgress: progressPrinter("checked", "segments") });
  for (const problem of report.problems) {
    console.log(`WRONG   ${problem}`);
  }
  for (const key of report.orphans) {
    console.log(`orphan  ${key}`);
  }
  for (const key of report.foreign) {
    console.log(`foreign ${key}`);
  }
  const { manifestObjectCount, segmentCount, blockCount, lineCount, sizeBytes, problems, orphans } = report;
  console.log(
    `${manifestObjectCount} manifest objects, ${segmentCount} segments, ${blockCount} blocks, ${lineCount} lines, ` +
      `${sizeBytes} bytes; ${orphans.length} orphans; ${problems.length} things are wrong`,
  );
  return problems.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 2;
}
