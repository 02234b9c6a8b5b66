import { expect, test } from "vitest";
import { facetsOf, selectorOfAll, togglePicked, type Picked } from "./facets.ts";

const streams = [
  { namespace: "shop", app: "cart", pod: "c1" },
  { namespace: "shop", app: "cart", pod: "c2" },
  { namespace: "infra", app: "dns", pod: "d1" },
  { app: "cron" },
];
const names = (picked: Picked) =>
  facetsOf(streams, picked).map(({ name, values }) => [
    name,
    values.map(({ value, streams }) => `${value} ${streams}`),
  ]);

test("labels in the order in which people look for them, with counts of streams", () => {
  expect(names(new Map())).toEqual([
    ["namespace", ["shop 2", "infra 1"]],
    ["app", ["cart 2", "cron 1", "dns 1"]],
    ["pod", ["c1 1", "c2 1", "d1 1"]],
  ]);
});

test("a picked value narrows the other labels, not its own", () => {
  const picked = togglePicked(new Map(), "namespace", "infra");
  expect(names(picked)).toEqual([
    ["namespace", ["infra 1", "shop 2"]],
    ["app", ["dns 1"]],
    ["pod", ["d1 1"]],
  ]);
  expect(togglePicked(picked, "namespace", "infra").size).toBe(0);
});

test("everything is selected by the label that most streams have", () => {
  expect(selectorOfAll(streams)).toBe('{app=~".+"}');
  expect(selectorOfAll([])).toBeUndefined();
});
