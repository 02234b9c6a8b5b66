import { compareGoStrings } from "./go-string.ts";
import type { Time } from "./time/time.ts";

/**
 * What a template computes with; Go's values as far as a template of LogQL can reach them:
 * a string is a string (see `go-string.ts`), a number a `float64`, and undefined no value at all (Go's untyped nil).
 */
export type Value = Concrete | Interface;

/** A value that is in no interface. */
export type Concrete = string | number | boolean | undefined | Integer | Complex | LabelMap | JsonMap | JsonList | Time;

export type IntegerType = "int" | "int64" | "uint8" | "time.Duration" | "time.Month" | "time.Weekday";

/** An integer; within the range of its type. */
export class Integer {
  readonly type: IntegerType;
  readonly value: bigint;

  constructor(type: IntegerType, value: bigint) {
    this.type = type;
    this.value = type === "uint8" ? BigInt.asUintN(8, value) : BigInt.asIntN(64, value);
  }
}

/** A `complex128`. */
export class Complex {
  readonly real: number;
  readonly imaginary: number;

  constructor(real: number, imaginary: number) {
    this.real = real;
    this.imaginary = imaginary;
  }
}

/** The labels of a line, `map[string]string`. */
export class LabelMap {
  readonly #labels: () => Iterable<readonly [string, string]>;
  readonly get: (name: string) => string | undefined;
  #sorted: readonly (readonly [string, string])[] | undefined;

  constructor(get: (name: string) => string | undefined, labels: () => Iterable<readonly [string, string]>) {
    this.get = get;
    this.#labels = labels;
  }

  get size(): number {
    return this.entries().length;
  }

  /** By name. */
  entries(): readonly (readonly [string, string])[] {
    this.#sorted ??= [...this.#labels()].sort((a, b) => compareGoStrings(a[0], b[0]));
    return this.#sorted;
  }
}

/** An object of JSON, `map[string]interface {}`. What it is asked for it works out once. */
export class JsonMap {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #values = new Map<string, Concrete>();
  #sorted: readonly (readonly [string, Concrete])[] | undefined;
  #size: number | undefined;

  constructor(object: Readonly<Record<string, unknown>>) {
    this.#object = object;
  }

  get size(): number {
    this.#size ??= Object.keys(this.#object).length;
    return this.#size;
  }

  /** The value of a key, or undefined, also for null. */
  get(key: string): Concrete {
    if (!this.#values.has(key) && Object.hasOwn(this.#object, key)) {
      this.#values.set(key, fromJsonValue(this.#object[key]));
    }
    return this.#values.get(key);
  }

  /** By key. */
  entries(): readonly (readonly [string, Concrete])[] {
    this.#sorted ??= Object.keys(this.#object)
      .sort(compareGoStrings)
      .map((key) => [key.toWellFormed(), this.get(key)] as const);
    return this.#sorted;
  }
}

/** An array of JSON, `[]interface {}`, or a part of one. */
export class JsonList {
  readonly #items: readonly unknown[];
  /** What is worked out of the items; parts of an array share it. */
  readonly #values: Concrete[];
  readonly #start: number;
  readonly length: number;

  constructor(items: readonly unknown[], start = 0, end = items.length, values: Concrete[] = []) {
    this.#items = items;
    this.#values = values;
    this.#start = start;
    this.length = end - start;
  }

  at(index: number): Concrete {
    const at = this.#start + index;
    this.#values[at] ??= fromJsonValue(this.#items[at]);
    return this.#values[at];
  }

  slice(start: number, end: number): JsonList {
    return new JsonList(this.#items, this.#start + start, this.#start + end, this.#values);
  }
}

/** The Go value of a value that `JSON.parse` made. */
export function fromJsonValue(value: unknown): Concrete {
  switch (typeof value) {
    case "string":
      return value.toWellFormed();
    case "number":
      // Go refuses what no float64 can hold, and leaves nil.
      return Number.isFinite(value) ? value : undefined;
    case "boolean":
      return value;
    default:
      return value === null || value === undefined
        ? undefined
        : Array.isArray(value)
          ? new JsonList(value)
          : new JsonMap(value as Readonly<Record<string, unknown>>);
  }
}

/**
 * An element of a JSON map or list before Go has looked what is in it: of type `interface {}`. It only matters to
 * messages, and where nil in an interface differs from no value.
 */
export class Interface {
  readonly value: Concrete;

  constructor(value: Concrete) {
    this.value = value;
  }
}

/** What is in an interface, or the value itself. */
export function concrete(value: Value): Concrete {
  return value instanceof Interface ? value.value : value;
}

/** The element of a JSON map or list, as Go's reflection gives it. */
export function element(value: Value): Interface {
  return new Interface(concrete(value));
}

/** The name of a value's type in Go; of no value too, which has none. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case "string":
      return "string";
    case "number":
      return "float64";
    case "boolean":
      return "bool";
    case "undefined":
      return "<nil>";
    default:
      return typeOfObject(value);
  }
}

function typeOfObject(value: Exclude<Value, string | number | boolean | undefined>): string {
  if (value instanceof Integer) {
    return value.type;
  }
  if (value instanceof Interface) {
    return "interface {}";
  }
  if (value instanceof LabelMap) {
    return "map[string]string";
  }
  if (value instanceof JsonMap) {
    return "map[string]interface {}";
  }
  if (value instanceof JsonList) {
    return "[]interface {}";
  }
  return value instanceof Complex ? "complex128" : "time.Time";
}

/** Go's truth: not the zero of its type, and not empty. */
export function isTrue(given: Value): boolean {
  const value = concrete(given);
  switch (typeof value) {
    case "string":
      return value !== "";
    case "number":
      // NaN is not zero.
      return value !== 0;
    case "boolean":
      return value;
    case "undefined":
      return false;
    default:
      break;
  }
  if (value instanceof Integer) {
    return value.value !== 0n;
  }
  if (value instanceof LabelMap || value instanceof JsonMap) {
    return value.size > 0;
  }
  if (value instanceof JsonList) {
    return value.length > 0;
  }
  return value instanceof Complex ? value.real !== 0 || value.imaginary !== 0 : true;
}

/** An `int`. */
export function int(value: number | bigint): Integer {
  return new Integer("int", BigInt(value));
}
