import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { LogLine } from "./log-line.ts";
import { LogStore } from "./log-store.ts";

const line: fc.Arbitrary<LogLine> = fc.record({
  seconds: fc.nat({ max: 2_000_000_000 }),
  nanos: fc.nat({ max: 999_999_999 }),
  line: fc.string({ maxLength: 20 }),
  labels: fc.constantFrom({ app: "a" }, { app: "b", level: "error" }),
  metadata: fc.constantFrom(undefined, { trace_id: "x" }),
  parsed: fc.constant(undefined),
  note: fc.boolean(),
});

test("it holds the newest lines in order, under ids that never change", () => {
  const pages = fc.array(fc.array(line, { maxLength: 120 }), { maxLength: 40 });
  fc.assert(
    fc.property(pages, fc.integer({ min: 1, max: 300 }), (pages, linesMax) => {
      const store = new LogStore(linesMax);
      let model: LogLine[] = [];
      let left = 0;
      for (const page of pages) {
        const { added, evicted } = store.append(page);
        const kept = page.slice(Math.max(0, page.length - linesMax));
        const all = [...model, ...kept];
        model = all.slice(Math.max(0, all.length - linesMax));
        expect(added).toBe(kept.length);
        expect(evicted).toBe(all.length - model.length);
        left += evicted;
      }
      expect(store.count).toBe(model.length);
      expect(store.lineCount).toBe(model.filter(({ note }) => note !== true).length);
      expect(store.firstId).toBe(left);
      for (const [i, want] of model.entries()) {
        const { note, ...entry } = want;
        expect(store.entryAt(i)).toEqual(entry);
        expect(store.isNoteAt(i)).toBe(note);
        expect(store.indexOf(store.idAt(i))).toBe(i);
      }
      expect(store.indexOf(left - 1)).toBe(-1);
      expect(store.indexOf(left + model.length)).toBe(-1);
    }),
    { numRuns: 50 },
  );
});

test("the exact time is kept", () => {
  const store = new LogStore(10);
  store.append([{ seconds: 1_767_607_200, nanos: 123_456_789, line: "", labels: {} }]);
  expect(store.nsAt(0)).toBe(1_767_607_200_123_456_789n);
});

test("equal label sets are one object, and are known as long as they are few", () => {
  const store = new LogStore(10);
  store.append([
    { seconds: 1, nanos: 0, line: "", labels: { app: "a" } },
    { seconds: 2, nanos: 0, line: "", labels: { app: "a" } },
    { seconds: 3, nanos: 0, line: "", labels: { app: "b" } },
  ]);
  expect(store.labelsAt(0)).toBe(store.labelsAt(1));
  expect(store.labelSets()).toEqual([{ app: "a" }, { app: "b" }]);
});

test("the next bad line is found in both directions", () => {
  const store = new LogStore(10);
  store.append(["", "ERROR", "WARN", "FATAL"].map((line, i) => ({ seconds: i, nanos: 0, line, labels: {} })));
  expect([store.findLevel(5, -1, 1), store.findLevel(5, 1, 1), store.findLevel(5, 3, 1)]).toEqual([1, 3, -1]);
  expect([store.findLevel(5, 3, -1), store.findLevel(5, 1, -1)]).toEqual([1, -1]);
});

test("metadata outranks labels, and labels outrank the text in telling the level", () => {
  const store = new LogStore(10);
  const base = { seconds: 1, nanos: 0, line: "level=warn" };
  store.append([
    { ...base, labels: {} },
    { ...base, labels: { level: "info" } },
    { ...base, labels: { level: "info" }, metadata: { detected_level: "error" } },
  ]);
  expect([0, 1, 2].map((i) => store.levelAt(i))).toEqual([4, 3, 5]);
});
