import fc from "fast-check";
import { expect, test } from "vitest";
import { byteLengthOf, decodeLine } from "./decode-line.ts";

test.for([
  { title: "text", bytes: [0x61, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80], want: "aé\u{1f600}" },
  { title: "a byte order mark", bytes: [0xef, 0xbb, 0xbf, 0x61], want: "\ufeffa" },
  { title: "U+FFFD itself", bytes: [0xef, 0xbf, 0xbd], want: "\ufffd" },
  { title: "a character cut short: one for each byte", bytes: [0xe2, 0x82, 0x61], want: "\ufffd\ufffda" },
  { title: "a surrogate", bytes: [0xed, 0xa0, 0x80], want: "\ufffd\ufffd\ufffd" },
  { title: "an overlong form", bytes: [0xc0, 0x80, 0xe0, 0x80, 0x80], want: "\ufffd\ufffd\ufffd\ufffd\ufffd" },
  { title: "beyond Unicode", bytes: [0xf4, 0x90, 0x80, 0x80], want: "\ufffd\ufffd\ufffd\ufffd" },
])("$title", ({ bytes, want }) => {
  expect(decodeLine(Uint8Array.from([0, ...bytes, 0]), 1, bytes.length + 1)).toBe(want);
});

test("places in the text are places in the bytes", () => {
  const part = fc.oneof(fc.string({ unit: "grapheme", maxLength: 3 }), fc.uint8Array({ maxLength: 4 }));
  const encode = (each: string | Uint8Array): Uint8Array =>
    typeof each === "string" ? new TextEncoder().encode(each) : each;
  fc.assert(
    fc.property(fc.array(part), fc.string({ unit: "grapheme" }), (parts, last) => {
      const before = parts.flatMap((each) => [...encode(each), 0x20]);
      const bytes = Uint8Array.from([...before, ...encode(last)]);
      const text = decodeLine(bytes, 0, bytes.length);
      expect(text.endsWith(last)).toBe(true);
      expect(byteLengthOf(bytes, 0, bytes.length, text.length - last.length)).toBe(before.length);
    }),
  );
});
