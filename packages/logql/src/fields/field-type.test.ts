import { expect, test } from "vitest";
import { fieldTypeOf, isId, queryValueOf } from "./field-type.ts";

test.for([
  ["int", ["0", "-5", "+7", "9223372036854775807"]],
  ["float", ["1.5", "9223372036854775808", "1e9", "NaN", "inf", ".5"]],
  ["boolean", ["true", "False", "t"]],
  ["duration", ["5m", "1h30m", "-1.5s"]],
  ["bytes", ["10KB", "1 GiB", "5 b"]],
  ["string", ["", "x", "1e999", "5 minutes", "TRue", "10.0.0.1"]],
] as const)("%s: %j", ([type, values]) => {
  expect(values.map(fieldTypeOf)).toEqual(values.map(() => type));
});

test.for([
  ["1.5 KB", "1.5kB"],
  ["2MiB", "2.1MB"],
  ["10", "10"],
  ["b", "b"],
  ["text b", "text b"],
])("%s is compared with as %s", ([value, told]) => {
  expect(queryValueOf(value!)).toBe(told);
});

test("ids are numbers and UUIDs", () => {
  const uuid = "018f4e7a-1111-7222-8333-444455556666";
  const ids = ["1", "-1.5", "1e6", uuid, uuid.toUpperCase(), `{${uuid}}`, `urn:uuid:${uuid}`, uuid.replaceAll("-", "")];
  expect(ids.filter((value) => !isId(value))).toEqual([]);
  expect(["", "a", "api-1", `${uuid}0`, "1.2.3"].filter(isId)).toEqual([]);
});
