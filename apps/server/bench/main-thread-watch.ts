import { appendFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

/*
 * Loaded into a server before its own code (`--import`): on SIGUSR2 it notes for how long the main thread has kept its
 * event loop at most since the last time, in milliseconds of its own CPU time, so that a busy machine does not count.
 */
const file = process.env["MAIN_THREAD_WATCH"];
const everyMs = 1;

if (isMainThread && file !== undefined) {
  let before = process.threadCpuUsage();
  let longestMs = 0;
  setInterval(() => {
    const now = process.threadCpuUsage();
    longestMs = Math.max(longestMs, (now.user - before.user + now.system - before.system) / 1000);
    before = now;
  }, everyMs).unref();
  process.on("SIGUSR2", () => {
    appendFileSync(file, `${longestMs}\n`);
    longestMs = 0;
  });
}
