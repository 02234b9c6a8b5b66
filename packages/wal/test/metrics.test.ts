import type { Metrics } from "@sluice/model";
import { faultDisk, virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { openTestWal, readTexts, record } from "./harness.ts";

/** What every metric stands at; of a histogram the last value. */
function readableMetrics(): Metrics & { readonly valueOf: (name: string) => number | undefined } {
  const values = new Map<string, number>();
  const add =
    (name: string) =>
    (value: number): void =>
      void values.set(name, (values.get(name) ?? 0) + value);
  const set =
    (name: string) =>
    (value: number): void =>
      void values.set(name, value);
  return {
    counter: (name) => ({ add: add(name) }),
    gauge: (name) => ({ set: set(name), add: add(name) }),
    histogram: (name) => ({ observe: set(name) }),
    valueOf: (name) => values.get(`sluice_wal_${name}`),
  };
}

test("metrics say what waits for the disk and how long it takes", async () => {
  const fs = faultDisk();
  const metrics = readableMetrics();
  const clock = virtualClock();
  const wal = await openTestWal(fs, { metrics, clock });
  await wal.append(record("first"));
  fs.intercept = (operation) => (operation === "sync" ? clock.advance(250) : undefined);
  const appends = Promise.all([wal.append(record("12345")), wal.append(record("1234567890"))]);
  expect(metrics.valueOf("waiting_records")).toBe(2);
  expect(metrics.valueOf("waiting_bytes")).toBe(24 + 5 + 24 + 10);
  await appends;
  expect(metrics.valueOf("commit_seconds")).toBe(0.25);
  expect(metrics.valueOf("waiting_records")).toBe(0);
  expect(metrics.valueOf("waiting_bytes")).toBe(0);
  expect(metrics.valueOf("syncs_total")).toBe(2);
  expect(metrics.valueOf("records_total")).toBe(3);
});

test("metrics say how large the log is and how far it was read", async () => {
  const metrics = readableMetrics();
  const wal = await openTestWal(faultDisk(), { metrics, segmentBytesMax: 1 });
  for (const text of ["one", "two", "three"]) {
    await wal.append(record(text));
  }
  expect(metrics.valueOf("segments")).toBe(3);
  expect(metrics.valueOf("size_bytes")).toBe(wal.sizeBytes);
  expect(metrics.valueOf("last_position")).toBe(3);
  for await (const { position } of wal.read(1)) {
    expect(metrics.valueOf("read_position")).toBe(position);
  }
  await readTexts(wal, 3);
  expect(metrics.valueOf("read_records_total")).toBe(4);
  expect(metrics.valueOf("read_bytes_total")).toBe(3 + 3 + 5 + 5);
  await wal.trim(2);
  expect(metrics.valueOf("segments")).toBe(1);
});
