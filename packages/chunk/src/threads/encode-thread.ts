import { parentPort } from "node:worker_threads";
import { createKernels } from "@sluice/kernels";
import { assert } from "@sluice/model";
import { encodeBlock } from "../encode-block.ts";
import { readSlot, writeAnswer, type EncodeRequest } from "./slot.ts";

/*
 * A thread that encodes blocks. It takes them from memory that it shares with the caller, and hands over what it made.
 */
const kernels = createKernels();
const port = parentPort;
assert(port !== null, "this is a thread's code");

port.on("message", ({ slot, ...shape }: EncodeRequest) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
  port.postMessage(writeAnswer(slot, encodeBlock(readSlot(slot, shape), kernels)));
});
