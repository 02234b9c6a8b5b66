import fc from "fast-check";
import { expect, test } from "vitest";
import { decolorize } from "./decolorize.ts";

// The expression that Loki uses; it is slow on long sequences.
const sequence =
  // oxlint-disable-next-line no-control-regex -- escape sequences begin with control characters
  /[\u001B\u009B][[\]()#;?]*(?:(?:(?:[a-zA-Z\d]*(?:;[a-zA-Z\d]*)*)?\u0007)|(?:(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PRZcf-ntqry=><~]))/gu;

test("takes out what the expression of stripansi matches", () => {
  const unit = fc.constantFrom(
    "\u001b",
    "\u009b",
    "\u0007",
    "[",
    ";",
    "?",
    "#",
    "1",
    "23",
    "m",
    "Q",
    "R",
    "x",
    "é",
    " ",
    "=",
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 20 }), (text) => {
      expect(decolorize(text)).toBe(text.replace(sequence, ""));
    }),
    { numRuns: 5000 },
  );
});

test.for([
  { text: "plain", want: "plain" },
  { text: "\u001b[31merror\u001b[0m", want: "error" },
  { text: "\u001b[1;32;4mx\u001b[m", want: "x" },
  { text: "\u001b]8;;link\u0007text", want: "text" },
  { text: "\u009b1mx", want: "x" },
  { text: "\u001b[12345mx", want: "mx" },
  { text: "\u001b", want: "\u001b" },
  { text: "\u001b[1;", want: ";" },
])("$text", ({ text, want }) => {
  expect(decolorize(text)).toBe(want);
});
