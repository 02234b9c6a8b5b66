import fc from "fast-check";
import { expect, test } from "vitest";
import { pathElement } from "./path.ts";

test.for([
  ["team-a", "team-a"],
  ["..", "%2E%2E"],
  ["a/b", "a%2Fb"],
  ["", "%"],
  ["%2F", "%252F"],
  ["ä", "%C3%A4"],
] as const)("pathElement(%s) is %s", ([text, element]) => {
  expect(pathElement(text)).toBe(element);
});

test("every text makes one harmless element, and different texts make different ones", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
      expect(pathElement(a)).toMatch(/^[A-Za-z0-9_%-]+$/u);
      if (a.toWellFormed() !== b.toWellFormed()) {
        expect(pathElement(a)).not.toBe(pathElement(b));
      }
    }),
  );
});
