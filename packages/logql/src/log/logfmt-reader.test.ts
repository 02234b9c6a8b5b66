import { expect, test } from "vitest";
import { Line } from "./line.ts";
import { LogfmtReader } from "./logfmt-reader.ts";

function lineOf(text: string | Uint8Array): Line {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const line = new Line();
  line.reset(bytes, 0, bytes.length);
  return line;
}

test("the error is the last one, with its place in bytes", () => {
  const line = lineOf('é=1 =x a"b');
  const reader = new LogfmtReader();
  reader.reset(line.text);
  const found = [reader.next(), reader.next()];
  expect([found, reader.errorIn(line)]).toEqual([["pair", "broken"], "logfmt syntax error at pos 6 : unexpected '='"]);
  expect(reader.next()).toBe("broken");
  expect(reader.errorIn(line)).toBe("logfmt syntax error at pos 10 : unexpected '\"'");
  expect(reader.next()).toBe("end");
});

test("a byte that is not UTF-8 counts as one", () => {
  const line = lineOf(Uint8Array.of(0x61, 0x3d, 0xff, 0xc3, 0x20, 0x3d));
  const reader = new LogfmtReader();
  reader.reset(line.text);
  expect([reader.next(), reader.value, reader.next()]).toEqual(["pair", "\ufffd\ufffd", "broken"]);
  expect(reader.errorIn(line)).toBe("logfmt syntax error at pos 6 : unexpected '='");
});

test.for([
  { body: String.raw`a\"b\\c\/d\'e`, want: `a"b\\c/d'e` },
  { body: String.raw`\b\f\n\r\t`, want: "\b\f\n\r\t" },
  { body: String.raw`\u00e9\ud83d\ude00`, want: "é\u{1f600}" },
  { body: String.raw`\ud800x`, want: "\ufffdx" },
  { body: "\\n\u0001", want: "\n\u0001" },
  { body: String.raw`\q`, want: undefined },
  { body: String.raw`\u12`, want: undefined },
  { body: "plain \u0001", want: "plain \u0001" },
])("a quoted value: $body", ({ body, want }) => {
  const reader = new LogfmtReader();
  reader.reset(`k="${body}"`);
  expect(reader.next() === "pair" ? reader.value : undefined).toBe(want);
});
