import { expect, test } from "vitest";
import { summarizeLabels } from "./label-summary.ts";

test("common labels are named once, the best of the others stands in the rows", () => {
  expect(
    summarizeLabels([
      { cluster: "prod", app: "cart", pod: "cart-1" },
      { cluster: "prod", app: "payment", pod: "payment-1" },
      { cluster: "prod", pod: "x" },
    ]),
  ).toEqual({ source: "app", sourceLength: 7, common: [["cluster", "prod"]] });
});

test("one stream needs no label in its rows", () => {
  expect(summarizeLabels([{ app: "cart" }])).toEqual({ source: "", sourceLength: 0, common: [["app", "cart"]] });
  expect(summarizeLabels([])).toEqual({ source: "", sourceLength: 0, common: [] });
});
