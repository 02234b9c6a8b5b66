import { labelsFromRecord } from "@sluice/model";
import { expect, test } from "vitest";
import { SharedLabels } from "./shared-labels.ts";

test("equal sets are one object, others are not", () => {
  const shared = new SharedLabels({ setsMax: 10, textsMax: 10, indexesMax: 10 });
  const first = shared.labels(labelsFromRecord({ app: "a", pod: "1" }));
  expect(shared.labels(labelsFromRecord({ pod: "1", app: "a" }))).toBe(first);
  expect(shared.labels(labelsFromRecord({ app: "a" }))).toEqual(labelsFromRecord({ app: "a" }));
});

test("over its bound it begins anew and stays right", () => {
  const shared = new SharedLabels({ setsMax: 2, textsMax: 2, indexesMax: 2 });
  for (let round = 0; round < 2; round++) {
    for (const app of ["a", "b", "c"]) {
      expect(shared.labels(labelsFromRecord({ app }))).toEqual(labelsFromRecord({ app }));
      expect(shared.text(app)).toBe(app);
    }
  }
});
