import { batchOf, entriesOf, timestampAt } from "@sluice/model";
import { expect, test } from "vitest";
import { separateTimes, truncateLines } from "./edit-lines.ts";

function batchOfLines(...lines: readonly (readonly [ns: number, line: string])[]): ReturnType<typeof batchOf> {
  return batchOf(lines.map(([ns, line]) => ({ timestampNs: BigInt(ns), line })));
}

test.for([
  { title: "to the limit", suffix: "", want: ["short", "0123456789"], cut: 1 },
  { title: "with room for a sign of it", suffix: "...", want: ["short", "0123456..."], cut: 1 },
  { title: "not at all when nothing would be left", suffix: "0123456789", want: ["short", "0123456789abcdef"], cut: 0 },
])("lines are cut $title", ({ suffix, want, cut }) => {
  const batch = batchOfLines([1, "short"], [2, "0123456789abcdef"]);
  const truncated = truncateLines(batch, 10, new TextEncoder().encode(suffix));
  expect(entriesOf(truncated.batch).map(({ line }) => line)).toEqual(want);
  expect(truncated.cut).toBe(cut);
});

test("of a push of many streams only the lines of the one that is cut are copied", () => {
  const whole = batchOfLines([1, "x".repeat(100_000)], [2, "short"], [3, ""], [4, "0123456789abcdef"], [5, ""]);
  const [lineStarts, lineEnds] = [whole.lineStarts.slice(1), whole.lineEnds.slice(1)];
  // A client may leave an empty line out.
  lineStarts[3] = lineEnds[3] = 0;
  const stream = { ...whole, count: 4, deltaNs: whole.deltaNs.slice(1), lineStarts, lineEnds };
  const { batch } = truncateLines(stream, 10, new Uint8Array(0));
  expect(entriesOf(batch).map(({ line }) => line)).toEqual(["short", "", "0123456789", ""]);
  expect(batch.bytes.length).toBeLessThan(100);
});

test("neighbours of one time are told apart, but not repeats of a line", () => {
  const batch = batchOfLines([5, "a"], [5, "b"], [5, "c"], [5, "c"], [7, "d"], [6, "e"]);
  const times = separateTimes(batch);
  expect(Array.from({ length: times.count }, (_, i) => Number(timestampAt(times, i)))).toEqual([5, 6, 7, 5, 7, 6]);
});
