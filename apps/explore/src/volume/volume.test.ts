import { expect, test } from "vitest";
import { bucketsMax, bucketTotal, volumeOf, volumeStepMs } from "./volume.ts";

test("any range has at most so many bars", () => {
  for (let range = 1; range < 1e11; range *= 3) {
    const step = volumeStepMs(range);
    expect(volumeOf([], 12_345, 12_345 + range, step).bucketCount).toBeLessThanOrEqual(bucketsMax);
  }
});

test("counts go to their buckets, worst level first", () => {
  const volume = volumeOf(
    [
      {
        metric: { detected_level: "info" },
        values: [
          [60, "5"],
          [120, "7"],
        ],
      },
      { metric: { level: "ERROR" }, values: [[120, "1"]] },
      { metric: { level: "err" }, values: [[120, "2"]] },
      { metric: {}, values: [[180, "4"]] },
    ],
    5000,
    180_000,
    60_000,
  );
  expect(volume.startMs).toBe(0);
  expect(volume.levels.map(({ level, counts }) => [level, [...counts]])).toEqual([
    [5, [0, 3, 0]],
    [3, [5, 7, 0]],
    [0, [0, 0, 4]],
  ]);
  expect(volume.levels.map(({ detected }) => detected)).toEqual([undefined, "info", undefined]);
  expect(volume.total).toBe(19);
  expect(bucketTotal(volume, 1)).toBe(10);
});

test("a point before the range is not counted", () => {
  expect(
    volumeOf(
      [
        {
          metric: {},
          values: [
            [0, "9"],
            [60, "1"],
          ],
        },
      ],
      5000,
      60_000,
      60_000,
    ).total,
  ).toBe(1);
});
