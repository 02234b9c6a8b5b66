import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runProcess } from "@sluice/service";
import { readOptions } from "./config.ts";
import { startServer } from "./server.ts";

const stopDeadlineMs = 15_000;

// A regular expression that backtracks too much goes on in V8's linear-time engine: no query can hang the server.
setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks");

const builtPage = fileURLToPath(new URL("../../explore/dist", import.meta.url));

await runProcess(async () => {
  const options = readOptions(process.argv.slice(2), existsSync(`${builtPage}/index.html`) ? builtPage : undefined);
  if (options === undefined) {
    return undefined;
  }
  const server = await startServer(options);
  console.log(`server ready on ${server.address}`);
  return server;
}, stopDeadlineMs);
