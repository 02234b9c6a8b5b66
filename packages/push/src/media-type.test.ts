import { expect, test } from "vitest";
import { parseMediaType } from "./media-type.ts";

test.for([
  { header: "application/json", want: "application/json" },
  { header: "Application/JSON; charset=utf-8", want: "application/json" },
  { header: ' application/json ; charset="ut\\"f;8" ; version=1', want: "application/json" },
  { header: "application/x-protobuf;", want: "application/x-protobuf" },
  { header: "json", want: "json" },
])("$header", ({ header, want }) => {
  expect(parseMediaType(header)).toBe(want);
});

test.for([
  { header: undefined, want: "mime: no media type" },
  { header: "", want: "mime: no media type" },
  { header: "; charset=utf-8", want: "mime: no media type" },
  { header: "/json", want: "mime: no media type" },
  { header: "application json", want: "mime: expected slash after first token" },
  { header: "application/", want: "mime: expected token after slash" },
  { header: "application/json json", want: "mime: unexpected content after media subtype" },
  { header: "application/json; charset", want: "mime: invalid media parameter" },
  { header: 'application/json; charset="utf', want: "mime: invalid media parameter" },
  { header: "application/json; a=1; A=2", want: "mime: duplicate parameter name" },
])("refused: $header", ({ header, want }) => {
  expect(() => parseMediaType(header)).toThrow(want);
});
