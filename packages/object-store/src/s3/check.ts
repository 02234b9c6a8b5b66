import { randomUUID } from "node:crypto";
import { type Clock, ServiceError } from "@sluice/model";
import type { ObjectStore } from "../object-store.ts";
import { type ConditionalPut, probeConditionalPut } from "../probe-conditional-put.ts";

export interface CheckStep {
  readonly name: string;
  /** What was seen, in one sentence. */
  readonly detail: string;
  readonly tookMs: number;
}

/** What a check found out, when no step failed. */
export interface CheckResult {
  readonly conditionalPut: ConditionalPut;
}

const smallCount = 20;
const smallBytes = 1024;

/**
 * Does with a store what the server will do with it, step by step, on keys of its own that it removes again.
 *
 * @param largeBytes size of the one large object; more than goes up in one request, to try that too.
 * @param onStep is told of each step that passed.
 * @throws {ServiceError} for the first step that does not pass, in one sentence.
 */
export async function checkObjectStore(
  store: ObjectStore,
  options: { readonly clock: Clock; readonly largeBytes: number; readonly onStep: (step: CheckStep) => void },
): Promise<CheckResult> {
  const { clock, largeBytes, onStep } = options;
  const prefix = `s3-check/${randomUUID()}`;
  const step = async <T>(name: string, run: () => Promise<[detail: string, result: T]>): Promise<T> => {
    const startMs = clock.nowMs();
    const [detail, result] = await run();
    onStep({ name, detail, tookMs: clock.nowMs() - startMs });
    return result;
  };
  const small = Array.from({ length: smallCount }, (_, i) => `${prefix}/small/${String(i).padStart(3, "0")}`);
  const large = `${prefix}/large`;
  await step("reach", async () => {
    await keysBelow(store, `${prefix}/`);
    return ["the bucket answers", undefined];
  });
  try {
    await step("put", async () => {
      const latency = await timed(clock, small, (key) => store.put(key, [pattern(smallBytes, key)]));
      return [`${smallCount} objects of 1 KiB, ${latency}`, undefined];
    });
    await step("get", async () => {
      const latency = await timed(clock, small, async (key) =>
        same(key, await store.get(key), pattern(smallBytes, key)),
      );
      return [`the same bytes came back, ${latency}`, undefined];
    });
    await step("range", async () => {
      const key = small[0]!;
      same(key, await store.get(key, { offset: 100, length: 200 }), pattern(smallBytes, key).subarray(100, 300));
      return ["a part of an object", undefined];
    });
    await step("large", async () => {
      const body = pattern(largeBytes, large);
      const startMs = clock.nowMs();
      await store.put(large, [body]);
      const putMs = clock.nowMs() - startMs;
      same(large, await store.get(large), body);
      const getMs = clock.nowMs() - startMs - putMs;
      return [`${mib(largeBytes)} MiB: up ${rate(largeBytes, putMs)}, down ${rate(largeBytes, getMs)}`, undefined];
    });
    await step("list", async () => {
      equal("listing", await keysBelow(store, `${prefix}/small/`), small);
      equal("listing from the middle", await keysBelow(store, `${prefix}/small/`, small[9]), small.slice(10));
      return ["what was put is listed at once, in order, and from the middle", undefined];
    });
    const conditionalPut = await step("race", async () => {
      const { conditionalPut, detail } = await probeConditionalPut(store, { prefix: `${prefix}/race` });
      return [`${conditionalPut}: ${detail}`, conditionalPut];
    });
    await step("delete", async () => {
      await Promise.all([...small, large].map((key) => store.remove(key)));
      equal("listing after the removal", await keysBelow(store, `${prefix}/small/`), []);
      return ["what was removed is gone at once", undefined];
    });
    return { conditionalPut };
  } finally {
    await Promise.allSettled([...small, large].map((key) => store.remove(key)));
  }
}

async function timed(clock: Clock, keys: readonly string[], run: (key: string) => Promise<void>): Promise<string> {
  const took: number[] = [];
  for (const key of keys) {
    const startMs = clock.nowMs();
    await run(key);
    took.push(clock.nowMs() - startMs);
  }
  took.sort((a, b) => a - b);
  return `median ${took[Math.floor(took.length / 2)]} ms, slowest ${took.at(-1)} ms`;
}

/** Bytes that differ from key to key and along the object. */
function pattern(length: number, key: string): Uint8Array {
  const seed = key.charCodeAt(key.length - 1);
  return Uint8Array.from({ length }, (_, i) => (i * 7919 + seed * 31) >> 5);
}

function same(key: string, found: Uint8Array, wanted: Uint8Array): void {
  if (Buffer.compare(found, wanted) !== 0) {
    throw new ServiceError("corrupt", `object ${key} came back with other bytes than were put`);
  }
}

function equal(what: string, found: readonly string[], wanted: readonly string[]): void {
  if (found.join() !== wanted.join()) {
    throw new ServiceError(
      "corrupt",
      `the ${what} has ${found.length} objects that are not the ${wanted.length} expected`,
    );
  }
}

async function keysBelow(store: ObjectStore, prefix: string, startAfter?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix, startAfter)) {
    keys.push(key);
  }
  return keys;
}

function mib(bytes: number): string {
  return (bytes / (1 << 20)).toFixed(0);
}

function rate(bytes: number, ms: number): string {
  return `${(bytes / 1e3 / Math.max(ms, 1)).toFixed(0)} MB/s`;
}
