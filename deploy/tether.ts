import { isMainThread } from "node:worker_threads";

/**
 * Preloaded (`node --import`) into every process that `npm start` and the demo start: when the parent is gone, however
 * it went, the process gets the SIGTERM that the parent could no longer send. The IPC channel closes with the parent.
 */
if (isMainThread && process.channel !== undefined) {
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  // The tether alone must not keep the process running.
  process.channel?.unref();
}
