import { expect, test } from "vitest";
import { normalizeLabelName } from "./label-name.ts";

test.for([
  ["user-id", "user_id"],
  ["service.name", "service_name"],
  ["a--b", "a_b"],
  ["a__b", "a_b"],
  ["__x", "_x"],
  ["__x__", "__x__"],
  ["1a", "key_1a"],
  ["é1", "_1"],
])("%s is %s", ([name, normal]) => {
  expect(normalizeLabelName(name!)).toBe(normal);
});

test.for([
  ["", "label name is empty"],
  ["é", 'normalization for label name "é" resulted in invalid name "_"'],
  ["\u0001", String.raw`normalization for label name "\x01" resulted in invalid name "_"`],
  ["é".repeat(3000), `label name "${"é".repeat(1000)}" resulted in invalid name "_"`],
])("%j is no name", ([name, told]) => {
  expect(() => normalizeLabelName(name!)).toThrow(told);
});
