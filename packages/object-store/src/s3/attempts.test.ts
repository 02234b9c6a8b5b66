import { virtualClock, type VirtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { Attempts, type AttemptsOptions } from "./attempts.ts";
import { S3Failure } from "./failure.ts";

const busy = new S3Failure("SlowDown", "busy", { status: 503, isRetryable: true });
const denied = new S3Failure("AccessDenied", "denied", { status: 403, isRetryable: false });

function attemptsOn(clock: VirtualClock, options: Partial<AttemptsOptions> = {}): Attempts {
  const rng = { next: () => 0.5 };
  const defaults = { attemptsMax: 5, attemptTimeoutMs: 1000, backoffFirstMs: 100, backoffMaxMs: 10_000 };
  return new Attempts({ clock, rng, concurrencyMax: 10, ...defaults, ...options });
}

/** Runs what waits until it has settled, moving time in small steps. */
async function settle<T>(clock: VirtualClock, pending: Promise<T>): Promise<PromiseSettledResult<T>> {
  let isDone = false;
  const settled = Promise.allSettled([pending]).then(([result]) => {
    isDone = true;
    return result;
  });
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    if (isDone) {
      return settled;
    }
    await clock.advance(10);
  }
}

test("tries again with waits that double, each a random part of its bound", async () => {
  const clock = virtualClock(0);
  const triedAtMs: number[] = [];
  const run = attemptsOn(clock).run(0, async () => {
    triedAtMs.push(clock.nowMs());
    throw busy;
  });
  expect(await settle(clock, run)).toMatchObject({ status: "rejected", reason: busy });
  expect(triedAtMs).toEqual([0, 50, 150, 350, 750]);
});

test("what will not pass is tried once", async () => {
  const clock = virtualClock(0);
  let tries = 0;
  const run = attemptsOn(clock).run(0, async () => {
    tries += 1;
    throw denied;
  });
  expect(await settle(clock, run)).toMatchObject({ reason: denied });
  expect(tries).toBe(1);
});

test("the caller may say that a failure is final", async () => {
  const clock = virtualClock(0);
  let tries = 0;
  const fail = async (): Promise<never> => {
    tries += 1;
    throw busy;
  };
  const run = attemptsOn(clock).run(0, fail, ({ code }) => code === "SlowDown");
  expect(await settle(clock, run)).toMatchObject({ reason: busy });
  expect(tries).toBe(1);
});

test("a try has its time and a second for each MiB, and is told to stop", async () => {
  const clock = virtualClock(0);
  const stopped: number[] = [];
  const run = attemptsOn(clock, { attemptsMax: 1 }).run(2 << 20, ({ signal, expectBytes }) => {
    expectBytes(1 << 20);
    signal.addEventListener("abort", () => stopped.push(clock.nowMs()));
    return new Promise<never>(() => {});
  });
  expect(await settle(clock, run)).toMatchObject({ reason: { code: "Timeout", message: "no answer within 4000 ms" } });
  expect(stopped).toEqual([4000]);
});

test("no more tries are under way than allowed, and the time of those that wait does not run", async () => {
  const clock = virtualClock(0);
  const attempts = attemptsOn(clock, { concurrencyMax: 2, attemptsMax: 1 });
  let running = 0;
  let runningMax = 0;
  const all = Array.from({ length: 10 }, () =>
    attempts.run(0, async () => {
      running += 1;
      runningMax = Math.max(runningMax, running);
      await clock.sleep(900);
      running -= 1;
    }),
  );
  expect(await settle(clock, Promise.all(all))).toMatchObject({ status: "fulfilled" });
  expect(runningMax).toBe(2);
  expect(clock.nowMs()).toBeGreaterThanOrEqual(4500);
});

test("when nothing succeeds for long, nothing is tried twice; successes earn retries again", async () => {
  const clock = virtualClock(0);
  const attempts = attemptsOn(clock, { rng: { next: () => 0 } });
  let tries = 0;
  const fail = async (): Promise<never> => {
    tries += 1;
    throw busy;
  };
  for (let i = 0; i < 100; i++) {
    await settle(clock, attempts.run(0, fail));
  }
  expect(tries).toBe(100 + 100);
  await settle(
    clock,
    attempts.run(0, async () => {}),
  );
  tries = 0;
  await settle(clock, attempts.run(0, fail));
  expect(tries).toBe(2);
});

test.for([
  { title: "a try", attempt: (clock: VirtualClock) => clock.sleep(100_000) },
  {
    title: "a wait between tries",
    attempt: async () => {
      throw busy;
    },
  },
])("a signal ends $title at once", async ({ attempt }) => {
  const clock = virtualClock(0);
  const closing = new AbortController();
  const rng = { next: () => 0.99 };
  const run = attemptsOn(clock, { signal: closing.signal, attemptTimeoutMs: 1e9, rng }).run(0, () => attempt(clock));
  setImmediate(() => closing.abort());
  await expect(run).rejects.toMatchObject({ code: "cancelled" });
  expect(clock.nowMs()).toBe(0);
});
