import fc from "fast-check";
import { expect, test } from "vitest";
import { parseValue, printScientific, printValue } from "./value.ts";

// What Go 1.26 prints with fmt.Sprint(v) and strconv.FormatFloat(v, 'e', -1, 64).
test.for([
  { value: 0, plain: "0", scientific: "0e+00" },
  { value: -0, plain: "-0", scientific: "-0e+00" },
  { value: 1, plain: "1", scientific: "1e+00" },
  { value: 6.25, plain: "6.25", scientific: "6.25e+00" },
  { value: -12_345, plain: "-12345", scientific: "-1.2345e+04" },
  { value: 0.0001, plain: "0.0001", scientific: "1e-04" },
  { value: 0.000012, plain: "1.2e-05", scientific: "1.2e-05" },
  { value: 999_999, plain: "999999", scientific: "9.99999e+05" },
  { value: 1_000_000, plain: "1e+06", scientific: "1e+06" },
  { value: 123_456_789.5, plain: "1.234567895e+08", scientific: "1.234567895e+08" },
  { value: 1e21, plain: "1e+21", scientific: "1e+21" },
  { value: 1e300, plain: "1e+300", scientific: "1e+300" },
  { value: NaN, plain: "NaN", scientific: "NaN" },
  { value: Infinity, plain: "+Inf", scientific: "+Inf" },
  { value: -Infinity, plain: "-Inf", scientific: "-Inf" },
])("print $plain", ({ value, plain, scientific }) => {
  expect(printValue(value)).toBe(plain);
  expect(printScientific(value)).toBe(scientific);
});

test("property: a printed value reads back as itself", () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      expect(parseValue(printValue(value))).toBe(value);
      expect(parseValue(printScientific(value))).toBe(value);
    }),
  );
});
