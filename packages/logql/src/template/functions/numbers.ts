import type { Execution } from "../execution.ts";
import { CallError } from "../template-error.ts";
import { int, Integer, type Value } from "../values.ts";
import { toFloat64, toInt64 } from "./cast.ts";
import {
  addDecimals,
  type Decimal,
  decimalOf,
  divideDecimals,
  floatOfDecimal,
  multiplyDecimals,
  subtractDecimals,
} from "./decimal.ts";
import { fixed, type FunctionTable, variadic } from "./function.ts";

/** sprig's arithmetic: integers of 64 bits that wrap around, and floats by way of decimals. */
export const numberFunctions: FunctionTable = {
  int: fixed(["interface {}"], ([value]) => int(toInt64(value))),
  float64: fixed(["interface {}"], ([value]) => toFloat64(value)),
  add: variadic([], "interface {}", (_, values) =>
    int64(values.reduce((sum: bigint, value) => sum + toInt64(value), 0n)),
  ),
  sub: fixed(["interface {}", "interface {}"], ([a, b]) => int64(toInt64(a) - toInt64(b))),
  mul: variadic(["interface {}"], "interface {}", ([first], rest) =>
    int64(rest.reduce((product: bigint, value) => BigInt.asIntN(64, product * toInt64(value)), toInt64(first))),
  ),
  div: fixed(["interface {}", "interface {}"], ([a, b]) => int64(toInt64(a) / divisor(b))),
  mod: fixed(["interface {}", "interface {}"], ([a, b]) => int64(toInt64(a) % divisor(b))),
  max: variadic(["interface {}"], "interface {}", ([first], rest) =>
    int64(rest.map(toInt64).reduce((a, b) => (b > a ? b : a), toInt64(first))),
  ),
  min: variadic(["interface {}"], "interface {}", ([first], rest) =>
    int64(rest.map(toInt64).reduce((a, b) => (b < a ? b : a), toInt64(first))),
  ),
  addf: variadic([], "interface {}", (_, values, execution) => computeDecimal(0, values, addDecimals, execution)),
  subf: variadic(["interface {}"], "interface {}", ([first], rest, execution) =>
    computeDecimal(first, rest, subtractDecimals, execution),
  ),
  mulf: variadic(["interface {}"], "interface {}", ([first], rest, execution) =>
    computeDecimal(first, rest, multiplyDecimals, execution),
  ),
  divf: variadic(["interface {}"], "interface {}", ([first], rest, execution) =>
    computeDecimal(first, rest, divideDecimals, execution),
  ),
  maxf: variadic(["interface {}"], "interface {}", ([first], rest) =>
    rest.map(toFloat64).reduce((a, b) => Math.max(a, b), toFloat64(first)),
  ),
  minf: variadic(["interface {}"], "interface {}", ([first], rest) =>
    rest.map(toFloat64).reduce((a, b) => Math.min(a, b), toFloat64(first)),
  ),
  ceil: fixed(["interface {}"], ([value]) => Math.ceil(toFloat64(value))),
  floor: fixed(["interface {}"], ([value]) => Math.floor(toFloat64(value))),
  round: variadic(["interface {}", "int"], "float64", ([value, places], [roundOn]) =>
    roundTo(toFloat64(value), Number(places.value), roundOn ?? 0.5),
  ),
};

function int64(value: bigint): Integer {
  return new Integer("int64", value);
}

function divisor(value: Value): bigint {
  const integer = toInt64(value);
  if (integer === 0n) {
    throw new CallError("runtime error: integer divide by zero");
  }
  return integer;
}

function computeDecimal(
  first: Value,
  rest: readonly Value[],
  combine: (a: Decimal, b: Decimal) => Decimal,
  execution: Execution,
): number {
  let result = decimalOf(toFloat64(first));
  for (const value of rest) {
    // Each round may make the number longer by the digits of a float.
    execution.spend(rest.length);
    result = combine(result, decimalOf(toFloat64(value)));
  }
  return floatOfDecimal(result);
}

/** sprig's rounding: up when the fraction, negative for negative numbers, is at least `roundOn`. */
function roundTo(value: number, places: number, roundOn: number): number {
  const power = places >= -308 && places <= 308 ? Number(`1e${places}`) : 10 ** places;
  const digit = power * value;
  const fraction = digit - Math.trunc(digit);
  return (fraction >= roundOn ? Math.ceil(digit) : Math.floor(digit)) / power;
}
