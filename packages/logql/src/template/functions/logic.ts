import { byteLength, bytesOf, isAscii, sliceBytes } from "../go-string.ts";
import { CallError } from "../template-error.ts";
import {
  concrete,
  element,
  int,
  Integer,
  Interface,
  isTrue,
  JsonList,
  JsonMap,
  LabelMap,
  typeName,
  type Value,
} from "../values.ts";
import { fixed, type FunctionTable, variadic } from "./function.ts";

/** What Go's `text/template` has for values of every kind. */
export const logicFunctions: FunctionTable = {
  // The compiler evaluates the arguments of these two one by one, and finds no functions to call.
  and: variadic(["reflect.Value"], "reflect.Value", ([first], rest) => rest.at(-1) ?? first),
  or: variadic(["reflect.Value"], "reflect.Value", ([first]) => first),
  call: variadic(["reflect.Value"], "reflect.Value", ([value]) => value),
  not: fixed(["reflect.Value"], ([value]) => !isTrue(value)),
  len: fixed(["reflect.Value"], ([value]) => int(lengthOf(value))),
  index: variadic(["reflect.Value"], "reflect.Value", ([item], indexes) =>
    indexes.reduce(indexOf, startOf(item, "index")),
  ),
  slice: variadic(["reflect.Value"], "reflect.Value", ([item], indexes) => sliceOf(startOf(item, "slice"), indexes)),
};

function lengthOf(given: Value): number {
  const value = concrete(given);
  if (value === undefined) {
    throw new CallError(
      given instanceof Interface ? "len of nil pointer" : "reflect: call of reflect.Value.Type on zero Value",
    );
  }
  if (typeof value === "string") {
    return byteLength(value);
  }
  if (value instanceof LabelMap || value instanceof JsonMap) {
    return value.size;
  }
  if (value instanceof JsonList) {
    return value.length;
  }
  throw new CallError(`len of type ${typeName(value)}`);
}

function startOf(given: Value, action: string): Value {
  const value = concrete(given);
  if (value === undefined) {
    throw new CallError(`${action} of untyped nil`);
  }
  return value;
}

function indexOf(given: Value, givenIndex: Value): Value {
  const item = concrete(given);
  const index = concrete(givenIndex);
  if (item === undefined) {
    throw new CallError("index of nil pointer");
  }
  if (typeof item === "string") {
    return byteAt(item, index);
  }
  if (item instanceof JsonList) {
    const at = integerIndex(index, item.length);
    return at < item.length ? element(item.at(at)) : outOfRange("slice");
  }
  if (item instanceof LabelMap) {
    return item.get(stringKey(index)) ?? "";
  }
  if (item instanceof JsonMap) {
    return element(item.get(stringKey(index)));
  }
  throw new CallError(`can't index item of type ${typeName(item)}`);
}

function byteAt(text: string, index: Value): Value {
  if (isAscii(text)) {
    const at = integerIndex(index, text.length);
    return at < text.length ? new Integer("uint8", BigInt(text.charCodeAt(at))) : outOfRange("string");
  }
  const bytes = bytesOf(text);
  const at = integerIndex(index, bytes.length);
  return at < bytes.length ? new Integer("uint8", BigInt(bytes[at]!)) : outOfRange("string");
}

/** Go checks against one beyond the end, and panics there. */
function outOfRange(kind: "slice" | "string"): never {
  throw new CallError(`reflect: ${kind} index out of range`);
}

function integerIndex(index: Value, length: number): number {
  if (index === undefined) {
    throw new CallError("cannot index slice/array with nil");
  }
  if (!(index instanceof Integer)) {
    throw new CallError(`cannot index slice/array with type ${typeName(index)}`);
  }
  if (index.value < 0n || index.value > BigInt(length)) {
    throw new CallError(`index out of range: ${index.value}`);
  }
  return Number(index.value);
}

function stringKey(index: Value): string {
  if (index === undefined) {
    throw new CallError("value is nil; should be of type string");
  }
  if (typeof index !== "string") {
    throw new CallError(`value has type ${typeName(index)}; should be string`);
  }
  return index;
}

function sliceOf(item: Value, indexes: readonly Value[]): Value {
  if (indexes.length > 3) {
    throw new CallError(`too many slice indexes: ${indexes.length}`);
  }
  if (typeof item === "string" && indexes.length === 3) {
    throw new CallError("cannot 3-index slice a string");
  }
  if (typeof item !== "string" && !(item instanceof JsonList)) {
    throw new CallError(`can't slice item of type ${typeName(item)}`);
  }
  const length = typeof item === "string" ? byteLength(item) : item.length;
  const [start = 0, end = length, capacity = length] = indexes.map((index) => integerIndex(index, length));
  if (start > end) {
    throw new CallError(`invalid slice index: ${start} > ${end}`);
  }
  if (end > capacity) {
    throw new CallError(`invalid slice index: ${end} > ${capacity}`);
  }
  return typeof item === "string" ? sliceBytes(item, start, end) : item.slice(start, end);
}
