import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import type { Rng } from "@sluice/model";
import { randomHex, randomUuid } from "../random.ts";

/**
 * Runs `work` with a process that has no chance and no time of its own: random bytes and ids come from the seed, and the
 * clock that measures how long code takes stands still. Everything else that a simulation must decide comes to the code
 * through its ports. One call at a time.
 */
export async function runDeterministically<Result>(rng: Rng, work: () => Promise<Result>): Promise<Result> {
  const original = { randomBytes: crypto.randomBytes, randomUUID: crypto.randomUUID };
  const replace = (functions: object): void => {
    Object.assign(crypto, functions);
    // Named imports of the module follow.
    syncBuiltinESMExports();
  };
  replace({
    randomBytes: (size: number) => Buffer.from(randomHex(rng, size * 2), "hex"),
    randomUUID: () => randomUuid(rng),
  });
  // It stands in front of the one that the object inherits.
  Object.defineProperty(performance, "now", { value: () => 0, configurable: true });
  try {
    return await work();
  } finally {
    Reflect.deleteProperty(performance, "now");
    replace(original);
  }
}
