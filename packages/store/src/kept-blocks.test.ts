import { expect, test } from "vitest";
import { KeptBlocks } from "./kept-blocks.ts";

test("a block is kept when it is wanted again and there is room", () => {
  const kept = new KeptBlocks((bytes) => bytes <= 10);
  expect([kept.isWorthKeeping("a", 10), kept.isWorthKeeping("a", 10), kept.isWorthKeeping("a", 11)]).toEqual([
    false,
    true,
    false,
  ]);
});

test("searches over more than fits replace little of it, but not nothing", () => {
  const kept = new KeptBlocks(() => false);
  let keptCount = 0;
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 1600; i++) {
      keptCount += kept.isWorthKeeping(`block ${i}`, 1) ? 1 : 0;
    }
  }
  expect(keptCount).toBe((2 * 1600) / 16);
});
