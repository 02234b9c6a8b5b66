import { isServiceError } from "@sluice/model";
import { parseGoFloat } from "../../units/go-float.ts";
import { parseInteger } from "../number.ts";
import { concrete, Integer, type Value } from "../values.ts";

/**
 * Any value as an `int64`, as spf13/cast does for sprig: texts in the syntax of Go (`0x1f`, `010` is 8) with a fraction
 * cut off, and 0 for all that is no number.
 */
export function toInt64(given: Value): bigint {
  const value = concrete(given);
  switch (typeof value) {
    case "string":
      return textToInt64(value);
    case "number":
      return floatToInt64(value);
    case "boolean":
      return value ? 1n : 0n;
    default:
      return value instanceof Integer ? value.value : 0n;
  }
}

/** Any value as a `float64`, likewise. */
export function toFloat64(given: Value): number {
  const value = concrete(given);
  switch (typeof value) {
    case "string":
      return textToFloat64(value);
    case "number":
      return value;
    case "boolean":
      return value ? 1 : 0;
    default:
      return value instanceof Integer ? Number(value.value) : 0;
  }
}

function textToInt64(text: string): bigint {
  const whole = /^([-+]?\d*)\.\d*$/u.exec(text)?.[1];
  const digits = whole === undefined ? text : /\d$/u.test(whole) ? whole : `${whole}0`;
  const integer = parseInteger(digits);
  return integer !== undefined && BigInt.asIntN(64, integer) === integer ? integer : 0n;
}

/** What a conversion gives on the processors that servers have when the value does not fit. */
const notRepresentable = -(1n << 63n);

function floatToInt64(value: number): bigint {
  if (!Number.isFinite(value)) {
    return notRepresentable;
  }
  const integer = BigInt(Math.trunc(value));
  return BigInt.asIntN(64, integer) === integer ? integer : notRepresentable;
}

function textToFloat64(text: string): number {
  try {
    return text === "" ? 0 : parseGoFloat(text);
  } catch (error) {
    if (isServiceError(error, "bad_data")) {
      return 0;
    }
    throw error;
  }
}
