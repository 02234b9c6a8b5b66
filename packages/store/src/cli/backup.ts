import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "@sluice/model";
import { backUp } from "../backup/back-up.ts";
import { progressPrinter } from "./progress.ts";

const usage = `Usage: backup --data <dir> --to <dir>

Copies what a server keeps to another directory, while it runs or not. Every line that was acknowledged before is in it.

  --data <dir>  The server's data directory.
  --to <dir>    Where the backup goes; must be missing or empty.
  --help        Show this help.

Where segments are kept in a bucket, this is the write-ahead log and the ruler's state only; apps/server/README.md says
how to copy the bucket, which must come after. Exit code: 0 when the backup is complete, 1 when not.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      to: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help || values.data === undefined || values.to === undefined) {
    console.log(usage);
    return values.help ? 0 : 1;
  }
  // Package managers change the directory to the package's.
  const base = process.env["INIT_CWD"] ?? ".";
  const { fileCount, sizeBytes, manifestSequence, segmentCount } = await backUp({
    data: resolve(base, values.data),
    to: resolve(base, values.to),
    onProgress: progressPrinter("copied", "segments"),
  });
  console.log(
    manifestSequence === undefined
      ? `backed up ${fileCount} files, ${sizeBytes} bytes, without segments: they are not in the data directory`
      : `backed up ${fileCount} files, ${sizeBytes} bytes: ${segmentCount} segments as of manifest entry ${manifestSequence}`,
  );
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
