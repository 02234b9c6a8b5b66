import { labelsFromRecord } from "@sluice/model";
import { expect, test } from "vitest";
import { SharedLabels } from "./shared-labels.ts";

test("equal sets are one object, others are not", () => {
  const shared = new SharedLabels(10);
  const first = shared.share(labelsFromRecord({ app: "a", pod: "1" }));
  expect(shared.share(labelsFromRecord({ pod: "1", app: "a" }))).toBe(first);
  expect(shared.share(labelsFromRecord({ app: "a" }))).toEqual(labelsFromRecord({ app: "a" }));
});

test("over its bound it begins anew and stays right", () => {
  const shared = new SharedLabels(2);
  for (let round = 0; round < 2; round++) {
    for (const app of ["a", "b", "c"]) {
      expect(shared.share(labelsFromRecord({ app }))).toEqual(labelsFromRecord({ app }));
    }
  }
});
