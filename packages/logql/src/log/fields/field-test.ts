import { isServiceError } from "@sluice/model";
import { compare, type LabelFilterNode } from "../../syntax/index.ts";
import { parseByteSize } from "../../units/byte-size.ts";
import { parseGoDurationNs } from "../../units/go-duration.ts";
import { parseGoFloat } from "../../units/go-float.ts";
import { errorLabel } from "../line-labels.ts";
import { compileTextTest } from "../stages/label-filter.ts";

/** What fields say about a line. */
export const verdict = Object.freeze({
  /** It does not pass. */
  fails: 0,
  passes: 1,
  /** The stages themselves have to look at it. */
  unclear: 2,
});

/** The line that a {@link FieldTest} asks about. */
export interface FieldValues {
  /** The number of the field's value, see `ValueTable`; negative when its text cannot be told from its bytes. */
  numberOf(place: number): number;
  /** The value's text. */
  textOf(place: number, number: number): string;
}

/** One of {@link verdict}. */
export type FieldTest = (values: FieldValues) => number;

/** Compiles filters of which all must pass. @param names where each label's field is to be found. */
export function compileFieldTests(filters: readonly LabelFilterNode[], names: readonly string[]): FieldTest {
  const tests = filters.map((filter) => compileFieldTest(filter, names));
  const [first] = tests;
  if (tests.length === 1) {
    return first!;
  }
  // The first that fails decides, but only if nothing before it was unclear: that may have changed the line's error.
  return (values) => {
    for (const test of tests) {
      const found = test(values);
      if (found !== verdict.passes) {
        return found;
      }
    }
    return verdict.passes;
  };
}

function compileFieldTest(filter: LabelFilterNode, names: readonly string[]): FieldTest {
  switch (filter.kind) {
    case "text": {
      const { name } = filter.matcher;
      const test = compileTextTest(filter.matcher);
      if (name === errorLabel) {
        // A line whose fields were found has no error.
        const found = test("") ? verdict.passes : verdict.fails;
        return () => found;
      }
      return remembering(names.indexOf(name), (text) => (test(text ?? "") ? verdict.passes : verdict.fails));
    }
    case "number":
      return quantityTest(names.indexOf(filter.name), parseGoFloat, (value) =>
        compare(filter.operator, value, filter.value),
      );
    case "duration":
      return quantityTest(names.indexOf(filter.name), parseGoDurationNs, (value) =>
        compare(filter.operator, value, filter.valueNs),
      );
    case "byteSize":
      return quantityTest(names.indexOf(filter.name), parseByteSize, (value) =>
        compare(filter.operator, value, filter.valueBytes),
      );
    case "ip":
      return () => verdict.unclear;
    case "and": {
      const left = compileFieldTest(filter.left, names);
      const right = compileFieldTest(filter.right, names);
      return (values) => {
        const found = left(values);
        return found === verdict.passes ? right(values) : found;
      };
    }
    case "or": {
      const left = compileFieldTest(filter.left, names);
      const right = compileFieldTest(filter.right, names);
      return (values) => {
        const found = left(values);
        return found === verdict.fails ? right(values) : found;
      };
    }
  }
}

/** A line without the label does not pass; what is no such quantity is an error, for the stages to report. */
function quantityTest(place: number, parse: (text: string) => number, test: (value: number) => boolean): FieldTest {
  return remembering(place, (text) => {
    if (text === undefined) {
      return verdict.fails;
    }
    try {
      return test(parse(text)) ? verdict.passes : verdict.fails;
    } catch (error) {
      if (isServiceError(error, "bad_data")) {
        return verdict.unclear;
      }
      throw error;
    }
  });
}

const unknown = 255;
const numbersAtFirst = 256;

/** Tests each value once. @param place negative for a label that is never there. */
function remembering(place: number, test: (text: string | undefined) => number): FieldTest {
  const absent = test(undefined);
  if (place === -1) {
    return () => absent;
  }
  let known = new Uint8Array(numbersAtFirst).fill(unknown);
  return (values) => {
    const number = values.numberOf(place);
    if (number <= 0) {
      return number === 0 ? absent : verdict.unclear;
    }
    if (number >= known.length) {
      const larger = new Uint8Array(Math.max(known.length * 2, number + 1)).fill(unknown);
      larger.set(known);
      known = larger;
    }
    let found = known[number]!;
    if (found === unknown) {
      found = test(values.textOf(place, number));
      known[number] = found;
    }
    return found;
  };
}
