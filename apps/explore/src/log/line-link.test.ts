import { defaultExploreState, parseExploreState } from "@sluice/api";
import { expect, test } from "vitest";
import { lineId } from "./line-id.ts";
import { lineLink } from "./line-link.ts";

const line = { seconds: 1_767_607_200, nanos: 123_456_789, line: "x", labels: { app: "a" } };
const state = { ...defaultExploreState, query: '{app="a"}', live: true };
const base = "https://example.com/logs/";
const range = { startNs: 1_767_600_000_000_000_000n, endNs: 1_767_610_000_000_000_000n };

function open(link: string) {
  return parseExploreState(new URL(link).search);
}

test("a link is absolute and names the line", () => {
  const { from, to, live, query, line: named } = open(lineLink(line, { base, state, found: { ...range, index: 3 } }));
  expect({ from, to, live, query }).toEqual({
    from: { type: "absolute", ns: range.startNs },
    to: { type: "absolute", ns: range.endNs },
    live: false,
    query: '{app="a"}',
  });
  expect(named).toBe(lineId(line));
});

test("a line far down is on the first page of its link", () => {
  const backward = open(lineLink(line, { base, state, found: { ...range, index: 5000 } }));
  expect(backward.to).toEqual({ type: "absolute", ns: 1_767_607_200_124_000_000n });
  const forward = open(
    lineLink(line, { base, state: { ...state, direction: "forward" }, found: { ...range, index: 5000 } }),
  );
  expect(forward.from).toEqual({ type: "absolute", ns: 1_767_607_200_123_456_789n });
});

test("a line of a live tail is linked with what was before it", () => {
  const { from, to } = open(lineLink(line, { base, state, found: undefined }));
  expect(from).toEqual({ type: "absolute", ns: 1_767_606_300_123_456_789n });
  expect(to).toEqual({ type: "absolute", ns: 1_767_607_200_124_000_000n });
});
