import type { StreamResult } from "@sluice/api";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { lineId, nsOfLineId } from "./line-id.ts";
import { lineKey, linesOf, nsOf, splitNs } from "./log-line.ts";

const streams = (order: "forward" | "backward"): StreamResult[] => {
  const values = (...lines: readonly [string, string][]) => (order === "forward" ? lines : lines.toReversed());
  return [
    { stream: { app: "b" }, values: values(["1000000001", "b1"], ["1000000001", "b1 again"], ["1000000003", "b3"]) },
    { stream: { app: "a" }, values: values(["1000000001", "a1"], ["1000000002", "a2"]) },
  ];
};

test("lines are in order of time, then stream, then arrival; backward is the exact mirror", () => {
  const forward = linesOf(streams("forward"), "forward").map(({ line }) => line);
  expect(forward).toEqual(["a1", "b1", "b1 again", "a2", "b3"]);
  expect(linesOf(streams("backward"), "backward").map(({ line }) => line)).toEqual(forward.toReversed());
});

test("a time keeps its nanoseconds, before 1970 too", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), (ns) => {
      expect(nsOf(splitNs(ns))).toBe(ns);
      const [line] = linesOf([{ stream: {}, values: [[ns.toString(), ""]] }], "forward");
      expect(nsOf(line!)).toBe(ns);
    }),
  );
});

test("a line has one key, whether its labels come together or by category", () => {
  const base = { seconds: 1, nanos: 2, line: "x" };
  const together = { ...base, labels: { app: "a", level: "info", trace_id: "t" } };
  const apart = { ...base, labels: { app: "a" }, metadata: { trace_id: "t" }, parsed: { level: "info" } };
  expect(lineKey(together)).toBe(lineKey(apart));
  expect(lineKey({ ...together, nanos: 3 })).not.toBe(lineKey(apart));
  expect(lineKey({ ...apart, parsed: undefined })).not.toBe(lineKey(apart));
});

test("a line's name in a link holds its time", () => {
  const line = { seconds: 1_767_607_200, nanos: 5, line: "x", labels: { app: "a" } };
  expect(nsOfLineId(lineId(line))).toBe(1_767_607_200_000_000_005n);
  expect(lineId(line)).not.toBe(lineId({ ...line, line: "y" }));
  expect(nsOfLineId("17.nonsense")).toBeUndefined();
});
