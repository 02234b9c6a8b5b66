import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LogStore } from "./log-store.ts";
import { lineHeight, RowLayout, rowPadding, type LayoutShape } from "./row-layout.ts";

const single = lineHeight + rowPadding;

function storeOf(...lines: readonly string[]): LogStore {
  const store = new LogStore(1000);
  store.append(lines.map((line, i) => ({ seconds: i, nanos: 0, line, labels: {} })));
  return store;
}

test.for<[string, LayoutShape, string, number]>([
  ["unwrapped", { wrap: false, columns: 10, compact: false }, "x".repeat(95), 1],
  ["wrapped", { wrap: true, columns: 10, compact: false }, "x".repeat(95), 10],
  ["wrapped, exactly full", { wrap: true, columns: 10, compact: false }, "x".repeat(100), 10],
  ["wrapped, empty", { wrap: true, columns: 10, compact: false }, "", 1],
  ["wrapped, colours take no room", { wrap: true, columns: 10, compact: false }, "\u001b[31m0123456789\u001b[0m", 1],
  ["wrapped, with line ends", { wrap: true, columns: 10, compact: false }, "a\nb\nc", 3],
  ["compact", { wrap: true, columns: 10, compact: true }, "x".repeat(20), 3],
])("height of a row: %s", ([, shape, line, rows]) => {
  expect(new RowLayout(storeOf(line), shape).height(0)).toBe(rows * lineHeight + rowPadding);
});

test("an anchored row stays where it is when lines come, leave, open or change their height", () => {
  const shape = { wrap: true, columns: 20, compact: false };
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 90 }), { minLength: 5, maxLength: 60 }),
      fc.array(fc.string({ maxLength: 90 }), { maxLength: 30 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(),
      (first, more, part, opened) => {
        const store = new LogStore(first.length);
        const lines = (texts: readonly string[]) => texts.map((line) => ({ seconds: 1, nanos: 0, line, labels: {} }));
        store.append(lines(first));
        const layout = new RowLayout(store, shape);
        const top = Math.floor(part * layout.total);
        const anchor = layout.anchorAt(top)!;
        store.append(lines(more));
        layout.sync();
        layout.open(store.idAt(opened % store.count));
        layout.setDetailsHeight(300);
        const index = store.indexOf(anchor.id);
        if (index >= 0) {
          expect(layout.topOf(anchor) - layout.offsetOf(index)).toBe(anchor.within);
        } else {
          expect(layout.topOf(anchor)).toBe(0);
        }
        // The same as computed from nothing.
        layout.open(undefined);
        expect(layout.total).toBe(new RowLayout(store, shape).total);
      },
    ),
  );
});

test("the details stand under their row and move what is below", () => {
  const layout = new RowLayout(storeOf("a", "b", "c"), { wrap: false, columns: 10, compact: false });
  layout.open(1);
  layout.setDetailsHeight(100);
  expect(layout.detailsOffset()).toBe(2 * single);
  expect(layout.offsetOf(2)).toBe(2 * single + 100);
  expect(layout.indexAt(2 * single + 99)).toBe(1);
  layout.open(0);
  expect(layout.offsetOf(2)).toBe(2 * single);
  layout.open(undefined);
  expect(layout.detailsOffset()).toBeUndefined();
});

test("a row that leaves takes its details along", () => {
  const store = new LogStore(2);
  const line = { seconds: 1, nanos: 0, line: "x", labels: {} };
  store.append([line, line]);
  const layout = new RowLayout(store, { wrap: false, columns: 10, compact: false });
  layout.open(0);
  layout.setDetailsHeight(100);
  store.append([line]);
  layout.sync();
  expect(layout.openId).toBeUndefined();
  expect(layout.total).toBe(2 * single);
});

test("a measured height is taken once", () => {
  const layout = new RowLayout(storeOf("世界"), { wrap: true, columns: 10, compact: true });
  expect(layout.setMeasured(0, lineHeight)).toBe(false);
  expect(layout.setMeasured(0, 2 * lineHeight)).toBe(true);
  expect(layout.height(0)).toBe(3 * lineHeight + rowPadding);
});

test("a row is revealed by the shortest way", () => {
  const layout = new RowLayout(storeOf(...Array.from({ length: 100 }, () => "x")), {
    wrap: false,
    columns: 10,
    compact: false,
  });
  const margin = 3 * lineHeight;
  expect(layout.topToReveal(0, 500, 400)).toBe(0);
  expect(layout.topToReveal(10, 100, 400)).toBe(100);
  expect(layout.topToReveal(10, 1000, 400)).toBe(10 * single - margin);
  expect(layout.topToReveal(50, 0, 400)).toBe(51 * single + margin - 400);
});
