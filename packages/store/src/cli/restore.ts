import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "@sluice/model";
import { restore } from "../backup/restore.ts";
import { progressPrinter } from "./progress.ts";

const usage = `Usage: restore --from <dir> --data <dir>

Makes a data directory of a backup, after checking all of it.

  --from <dir>  The backup.
  --data <dir>  The data directory; must be missing or empty.
  --help        Show this help.

Exit code: 0 when a server can be started on it, 1 when not.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      from: { type: "string" },
      data: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help || values.from === undefined || values.data === undefined) {
    console.log(usage);
    return values.help ? 0 : 1;
  }
  // Package managers change the directory to the package's.
  const base = process.env["INIT_CWD"] ?? ".";
  const { fileCount, sizeBytes, lineCount } = await restore({
    from: resolve(base, values.from),
    data: resolve(base, values.data),
    onProgress: progressPrinter("restored", "files"),
  });
  console.log(`restored ${fileCount} files, ${sizeBytes} bytes: ${lineCount} lines in segments, all of them checked`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
