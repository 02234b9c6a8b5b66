import { virtualClock } from "@sluice/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { AssignedTimes, nanosAt, TimeSource } from "./assigned-times.ts";

const timeOf = (times: AssignedTimes, offset: number, end: number, source: TimeSource): bigint => {
  const range = times.at(offset, end, source);
  return BigInt(range.seconds) * 1_000_000_000n + BigInt(nanosAt(range, offset));
};

test("lines keep their order and no two have the same time, however fast they come", async () => {
  const clock = virtualClock();
  const source = new TimeSource(clock);
  const first = new AssignedTimes();
  const second = new AssignedTimes();
  const seen: bigint[] = [];
  for (let turn = 0; turn < 50; turn++) {
    for (const times of [first, second]) {
      for (let offset = turn * 100; offset < turn * 100 + 100; offset += 10) {
        seen.push(timeOf(times, offset, turn * 100 + 100, source));
      }
    }
    if (turn % 10 === 0) {
      await clock.advance(1);
    }
  }
  expect(seen.every((time, i) => i === 0 || time > seen[i - 1]!)).toBe(true);
  expect(seen[0]).toBe(1_700_000_000_000_000_000n);
});

test("a replay in any turns, from any acknowledged offset, gives each line the time that it had", () => {
  const turns = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(turns, turns, fc.nat(), (writes, replays, from) => {
      const source = new TimeSource(virtualClock());
      const times = new AssignedTimes();
      const known = new Map<number, bigint>();
      let end = 0;
      for (const length of writes) {
        for (let offset = end; offset < end + length; offset++) {
          known.set(offset, timeOf(times, offset, end + length, source));
        }
        end += length;
      }
      const acknowledged = from % end;
      times.forgetBefore(acknowledged);
      const restored = new AssignedTimes();
      for (const range of times.ranges) {
        restored.restore({ ...range, isDurable: true });
      }
      const later = new TimeSource(virtualClock(1_800_000_000_000));
      let start = acknowledged;
      for (const length of [...replays, end]) {
        for (let offset = start; offset < start + length; offset++) {
          const time = timeOf(restored, offset, start + length, later);
          if (known.has(offset)) {
            expect(time).toBe(known.get(offset));
          } else {
            expect(time).toBeGreaterThanOrEqual(1_800_000_000_000_000_000n);
          }
        }
        start += length;
      }
    }),
  );
});

test("what is acknowledged is forgotten", () => {
  const source = new TimeSource(virtualClock());
  const times = new AssignedTimes();
  for (let start = 0; start < 100; start += 10) {
    times.at(start, start + 10, source);
  }
  times.forgetBefore(95);
  expect(times.ranges.map(({ start }) => start)).toEqual([90]);
});

test("a second that is full runs into the next one", () => {
  const source = new TimeSource(virtualClock(1_700_000_000_999));
  expect(source.take(2_000_000)).toEqual({ seconds: 1_700_000_000, nanos: 999_000_000 });
  expect(source.take(1)).toEqual({ seconds: 1_700_000_001, nanos: 1_000_000 });
});
