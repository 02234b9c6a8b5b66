import { parentPort } from "node:worker_threads";
import type { ToThread } from "./messages.ts";

/*
 * A thread that does with a job what its text says: the ways in which a thread can go wrong. For tests.
 */
const port = parentPort!;

port.on("message", (message: ToThread) => {
  if (message.type !== "run") {
    return;
  }
  const { job, params } = message;
  const started = Date.now();
  switch (params) {
    case "answer":
      port.postMessage({ type: "done", job, value: started });
      break;
    case "wait":
      break;
    case "loop":
      for (;;) {
        // Neither messages nor the flag are looked at.
      }
    case "exit":
      process.exit(3);
      break;
    case "throw":
      throw new Error("broken");
    default:
      throw new Error("unknown job");
  }
});
port.postMessage({ type: "ready" });
