import { labelsToRecord } from "@sluice/model";
import { expect, test } from "vitest";
import { normalizeMetadata } from "./metadata-names.ts";

// What Loki stores for such names.
test.for([
  ["user-id", "user_id"],
  ["k8s.pod.name", "k8s_pod_name"],
  ["a b", "a_b"],
  ["a--b", "a_b"],
  ["a__b", "a_b"],
  ["__x", "_x"],
  ["__x__", "__x__"],
  ["_x", "_x"],
  ["1a", "key_1a"],
  ["-a", "_a"],
  ["a-", "a_"],
  ["ünï", "_n_"],
  ["a\u0000b", "a_b"],
  ["A", "A"],
] as const)("the name %s becomes %s", ([name, want]) => {
  expect(labelsToRecord(normalizeMetadata([{ name, value: "v" }]))).toEqual({ [want]: "v" });
});

test.for([
  ["é", 'normalization for label name "é" resulted in invalid name "_"'],
  ["__", 'normalization for label name "__" resulted in invalid name "_"'],
  ["", "label name is empty"],
] as const)("the name %o is refused", ([name, told]) => {
  expect(() => normalizeMetadata([{ name, value: "v" }])).toThrow(told);
});

test("empty values are left out, and what was no UTF-8 is a space", () => {
  const set = normalizeMetadata([
    { name: "a", value: "" },
    { name: "b", value: "x\ufffdy" },
  ]);
  expect(labelsToRecord(set)).toEqual({ b: "x y" });
});

test("of two names that become one, the one that was changed holds", () => {
  const set = [
    { name: "a-b", value: "changed" },
    { name: "a_b", value: "kept" },
  ];
  expect(labelsToRecord(normalizeMetadata(set))).toEqual({ a_b: "changed" });
});

test("a set that needs no change is the same object", () => {
  const set = [{ name: "trace_id", value: "1" }];
  expect(normalizeMetadata(set)).toBe(set);
});
