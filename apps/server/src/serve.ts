import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runProcess } from "@sluice/service";
import { readOptions } from "./config.ts";
import { startServer } from "./server.ts";

const stopDeadlineMs = 15_000;

const builtPage = fileURLToPath(new URL("../../explore/dist", import.meta.url));

/** The server as a process, from the command line to its end. */
export async function serve(): Promise<void> {
  await runProcess(async () => {
    const options = readOptions(process.argv.slice(2), existsSync(`${builtPage}/index.html`) ? builtPage : undefined);
    if (options === undefined) {
      return undefined;
    }
    setHeapGrowth(heapGrowthPercent.replaying);
    const server = await startServer(options);
    setHeapGrowth(heapGrowthPercent.serving);
    console.log(`server ready on ${server.address}`);
    return server;
  }, stopDeadlineMs);
}

/**
 * V8 collects all garbage whenever what is outside of its heap has grown by a share of the heap. Here nearly all is
 * outside, buffers of lines, and the heap is small: by default that is every 20 MB, a third of the CPU of a server that
 * takes pushes. At five times the heap it is a tenth, for 70 MB of memory. While the log is replayed memory counts for
 * more.
 */
const heapGrowthPercent = { replaying: 120, serving: 400 } as const;

function setHeapGrowth(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
