import { isServiceError } from "@sluice/model";
import type { ObjectStore } from "./object-store.ts";

/**
 * What puts with `ifAbsent` are worth in a store: `atomic`, or `notAtomic` (of several that race, more than one may win,
 * or none, or the loser's bytes stay), or `unsupported` (the condition is ignored or refused).
 */
export type ConditionalPut = "atomic" | "notAtomic" | "unsupported";

export interface ConditionalPutReport {
  readonly conditionalPut: ConditionalPut;
  /** Rounds that were raced. */
  readonly rounds: number;
  readonly writers: number;
  /** What was seen, in one sentence. */
  readonly detail: string;
}

export interface ProbeOptions {
  /** Races to run; default 20. */
  readonly rounds?: number;
  /** Puts that race in each; default 8. */
  readonly writers?: number;
  /** Where the probe puts its objects, which it removes again; must be its own, for example a random name. */
  readonly prefix: string;
}

/**
 * Finds out by trying what a store's puts with `ifAbsent` are worth: a server may know the condition and check it well
 * for one put at a time, and still let two that race both win.
 *
 * @throws {ServiceError} `unavailable` when the store fails otherwise.
 */
export async function probeConditionalPut(store: ObjectStore, options: ProbeOptions): Promise<ConditionalPutReport> {
  const { prefix, rounds = 20, writers = 8 } = options;
  const report = (conditionalPut: ConditionalPut, raced: number, detail: string): ConditionalPutReport => ({
    conditionalPut,
    rounds: raced,
    writers,
    detail,
  });
  const used: string[] = [];
  const nextKey = (): string => {
    used.push(`${prefix}/${used.length}`);
    return used.at(-1)!;
  };
  try {
    const refusal = await tryOneByOne(store, nextKey());
    if (refusal !== undefined) {
      return report("unsupported", 0, refusal);
    }
    for (let round = 1; round <= rounds; round++) {
      const wrong = await race(store, nextKey(), writers);
      if (wrong !== undefined) {
        return report("notAtomic", round, `in round ${round} of ${rounds}, ${wrong}`);
      }
    }
    return report("atomic", rounds, `exactly one of ${writers} writers won each of ${rounds} races`);
  } finally {
    // What stays is a few bytes below a prefix that nobody reads.
    await Promise.allSettled(used.map((key) => store.remove(key)));
  }
}

/** Why the condition does not work at all, or undefined when it does. */
async function tryOneByOne(store: ObjectStore, key: string): Promise<string | undefined> {
  const bodies = ["first", "second"].map((text) => new TextEncoder().encode(text));
  try {
    await store.put(key, [bodies[0]!], { ifAbsent: true });
  } catch (error) {
    if (isServiceError(error, "unprocessable")) {
      return error.message;
    }
    throw error;
  }
  try {
    await store.put(key, [bodies[1]!], { ifAbsent: true });
  } catch (error) {
    if (isServiceError(error, "already_exists")) {
      return undefined;
    }
    throw error;
  }
  return "a put with the condition that no object has the key replaced one: the store ignores the condition";
}

/** What was wrong with one race, or undefined when exactly one won and its bytes stayed. */
async function race(store: ObjectStore, key: string, writers: number): Promise<string | undefined> {
  // Of different lengths, so that they arrive at different times.
  const bodies = Array.from({ length: writers }, (_, i) =>
    new TextEncoder().encode(`writer ${i} `.repeat(1 + i * 100)),
  );
  const settled = await Promise.allSettled(bodies.map((body) => store.put(key, [body], { ifAbsent: true })));
  for (const one of settled) {
    if (one.status === "rejected" && !isServiceError(one.reason, "already_exists")) {
      throw one.reason;
    }
  }
  const winners = bodies.filter((_, i) => settled[i]!.status === "fulfilled");
  if (winners.length !== 1) {
    return `${winners.length} of ${writers} writers won`;
  }
  const stored = await store.get(key);
  return Buffer.compare(stored, winners[0]!) === 0 ? undefined : "the winner's object is not the one that stayed";
}
