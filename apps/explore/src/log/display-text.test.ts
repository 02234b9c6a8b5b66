import * as fc from "fast-check";
import { expect, test } from "vitest";
import { displayLengthMax, displayText, isPlain, rowCount, sizeText } from "./display-text.ts";

test.for([
  ["\u001b[31mred\u001b[0m and \u001b[mplain", "red and plain"],
  ["\u001b[38;5;196mmore\u001b[1;32mcolours", "morecolours"],
  ["\u001b]8;;http://evil\u0007link\u001b[2J", "␛]8;;http://evil␇link␛[2J"],
  ["bell\u0007 null\u0000 del\u007f", "bell␇ null␀ del␡"],
  ["a\tb\r\nc\rd", "a    b\nc␍d"],
  ["user\u202etxt.exe", String.raw`user\u202etxt.exe`],
  ["zero\u200bwidth \ufeff", String.raw`zero\u200bwidth \ufeff`],
  ["c1 \u009b31m", String.raw`c1 \x9b31m`],
  ["\ud800 alone", String.raw`\ud800 alone`],
  ["Grüße, 世界 🎉", "Grüße, 世界 🎉"],
] as const)("%j is shown, not obeyed", ([line, shown]) => {
  expect(displayText(line)).toBe(shown);
});

test("a long line is cut and says by how much", () => {
  const shown = displayText("x".repeat(displayLengthMax + 12_345));
  expect(shown).toBe(`${"x".repeat(displayLengthMax)} … 12.3 kB more`);
});

test("a plain line is shown as it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (line) => {
      if (isPlain(line)) {
        expect(displayText(line)).toBe(line);
      }
    }),
  );
});

test("nothing that is shown can reorder, hide or control", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (line) => {
      expect(displayText(line).replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u200b\ufeff]/u);
    }),
  );
});

test.for([
  ["", 10, 1],
  ["0123456789", 10, 1],
  ["0123456789a", 10, 2],
  ["a\nb\n", 10, 3],
  ["世界世界世界", 10, 2],
  ["é".repeat(10), 10, 1],
  ["e\u0301".repeat(10), 10, 1],
] as const)("%j in rows of %i", ([text, columns, rows]) => {
  expect(rowCount(text, columns)).toBe(rows);
});

test.for([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.00 kB"],
  [12_345, "12.3 kB"],
  [999_600, "1.00 MB"],
  [123_456_789, "123 MB"],
] as const)("%i bytes are %s", ([size, text]) => {
  expect(sizeText(size)).toBe(text);
});
