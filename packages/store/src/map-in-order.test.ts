import { expect, test } from "vitest";
import { mapInOrder } from "./map-in-order.ts";

test("results are in order, with no more calls at once than allowed", async () => {
  let underWay = 0;
  let most = 0;
  const results = await mapInOrder([5, 1, 4, 2, 3], 2, async (item) => {
    underWay += 1;
    most = Math.max(most, underWay);
    for (let i = 0; i < item; i++) {
      await Promise.resolve();
    }
    underWay -= 1;
    return item * 10;
  });
  expect(results).toEqual([50, 10, 40, 20, 30]);
  expect(most).toBe(2);
});

test("after a rejection no more is begun", async () => {
  const begun: number[] = [];
  const failing = mapInOrder([1, 2, 3, 4, 5, 6], 2, async (item) => {
    begun.push(item);
    await Promise.resolve();
    throw new Error(`item ${item}`);
  });
  await expect(failing).rejects.toThrow("item 1");
  expect(begun).toEqual([1, 2]);
});
