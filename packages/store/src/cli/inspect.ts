import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "@sluice/model";
import { inspectFile } from "../inspect/inspect-file.ts";

const usage = `Usage: inspect <file> [--lines]

Prints what a segment or an object of the manifest holds, and checks all of it.

  --lines  Print the lines, too.
  --help   Show this help.

Exit code: 0 when the file is whole, 1 when it is damaged, 2 when it cannot be read.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { lines: { type: "boolean", default: false }, help: { type: "boolean", short: "h", default: false } },
  });
  const [path] = positionals;
  if (values.help || path === undefined) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  // Package managers change the directory to the package's.
  const bytes = await readFile(resolve(process.env["INIT_CWD"] ?? ".", path));
  const problems = await inspectFile(bytes, path, { showLines: values.lines, print: (text) => console.log(text) });
  for (const problem of problems) {
    console.error(problem);
  }
  console.log(problems.length === 0 ? "\neverything checked: it is as it was written" : "\nit is damaged");
  return problems.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 2;
}
