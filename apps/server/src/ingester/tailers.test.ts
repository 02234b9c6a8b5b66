import { quietLogger } from "@sluice/testkit";
import { expect, test } from "vitest";
import { Tailers } from "./tailers.ts";

test("a tail that fails neither fails the push nor the other tails", () => {
  const tailers = new Tailers(quietLogger);
  let told = 0;
  tailers.add("a", () => {
    throw new Error("broken");
  });
  const stop = tailers.add("a", () => (told += 1));
  tailers.tell("a", []);
  tailers.tell("b", []);
  expect([told, tailers.count("a"), tailers.count("b")]).toEqual([1, 2, 0]);
  stop();
  tailers.tell("a", []);
  expect([told, tailers.count("a")]).toEqual([1, 1]);
});
