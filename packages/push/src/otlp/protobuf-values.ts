import { ServiceError } from "@sluice/model";
import { expectWireType, wireType, WireReader } from "../wire-reader.ts";
import { printValue, tooDeep, valueDepthMax, type Attribute, type AttributeValue } from "./attribute-value.ts";

/** Attributes, and values in their arrays and maps, of one resource, scope or record: two bytes on the wire make one. */
const valuesMax = 1_000_000;

/** Counts the values that are held at one time. */
export class OtlpReader extends WireReader {
  #values = 0;

  /** A resource, a scope or a record begins. */
  startOwner(): void {
    this.#values = 0;
  }

  /** @throws {ServiceError} `too_large` when its owner has more of them than memory should be spent on. */
  addValue(): void {
    this.#values += 1;
    if (this.#values > valuesMax) {
      throw new ServiceError(
        "too_large",
        `request body too large: more than ${valuesMax} attributes and values of one resource, scope or record`,
      );
    }
  }
}

/** Calls `read` at the value of each field of the message that ends at `end`; it must take the value. */
export function eachField(
  reader: OtlpReader,
  end: number,
  message: string,
  read: (field: number, tag: number) => void,
): void {
  reader.end = end;
  while (reader.offset < end) {
    const tag = reader.tag(message);
    read(tag >>> 3, tag);
    // What was read may have narrowed it.
    reader.end = end;
  }
}

/** The end of the message or text whose tag was read. */
export function lengthEnd(reader: OtlpReader, tag: number, field: string): number {
  expectWireType(tag, wireType.bytes, field);
  return reader.lengthEnd();
}

/** A KeyValue. @param depth how many arrays and maps it lies in. */
export function readAttribute(reader: OtlpReader, end: number, depth = 0): Attribute {
  reader.addValue();
  let key = "";
  let value: AttributeValue;
  eachField(reader, end, "KeyValue", (field, tag) => {
    if (field === 1) {
      key = reader.text(lengthEnd(reader, tag, "Key"));
    } else if (field === 2) {
      value = readValue(reader, lengthEnd(reader, tag, "Value"), depth, value);
    } else {
      reader.skip(tag);
    }
  });
  return { key, value };
}

/** The AnyValue of a body as text; what is text already stays the bytes that were sent. */
export function readBody(reader: OtlpReader, end: number, before: string | Uint8Array): string | Uint8Array {
  let body = before;
  eachField(reader, end, "AnyValue", (field, tag) => {
    body =
      field === 1
        ? reader.bytes(lengthEnd(reader, tag, "StringValue"))
        : printOther(readValueField(reader, field, tag, 0), body);
  });
  return body;
}

function printOther(value: ReadValue, before: string | Uint8Array): string | Uint8Array {
  return value === unknownField ? before : printValue(value);
}

/** @param before what it is when the message holds nothing. */
function readValue(reader: OtlpReader, end: number, depth: number, before: AttributeValue): AttributeValue {
  let value = before;
  eachField(reader, end, "AnyValue", (field, tag) => {
    const read = readValueField(reader, field, tag, depth);
    value = read === unknownField ? value : read;
  });
  return value;
}

const unknownField = Symbol("a field that AnyValue does not have");
type ReadValue = AttributeValue | typeof unknownField;

function readValueField(reader: OtlpReader, field: number, tag: number, depth: number): ReadValue {
  switch (field) {
    case 1:
      return reader.text(lengthEnd(reader, tag, "StringValue"));
    case 2:
      expectWireType(tag, wireType.varint, "BoolValue");
      return reader.varint() !== 0;
    case 3:
      expectWireType(tag, wireType.varint, "IntValue");
      return reader.bigInt64();
    case 4:
      expectWireType(tag, wireType.fixed64, "DoubleValue");
      return reader.double();
    case 5:
      return readArray(reader, lengthEnd(reader, tag, "ArrayValue"), depth + 1);
    case 6:
      return readMap(reader, lengthEnd(reader, tag, "KvlistValue"), depth + 1);
    case 7:
      return reader.bytes(lengthEnd(reader, tag, "BytesValue"));
    default:
      reader.skip(tag);
      return unknownField;
  }
}

function readArray(reader: OtlpReader, end: number, depth: number): AttributeValue {
  checkDepth(depth);
  const values: AttributeValue[] = [];
  eachField(reader, end, "ArrayValue", (field, tag) => {
    if (field === 1) {
      reader.addValue();
      values.push(readValue(reader, lengthEnd(reader, tag, "Values"), depth, undefined));
    } else {
      reader.skip(tag);
    }
  });
  return values;
}

function readMap(reader: OtlpReader, end: number, depth: number): AttributeValue {
  checkDepth(depth);
  const map = new Map<string, AttributeValue>();
  eachField(reader, end, "KeyValueList", (field, tag) => {
    if (field === 1) {
      const { key, value } = readAttribute(reader, lengthEnd(reader, tag, "Values"), depth);
      map.set(key, value);
    } else {
      reader.skip(tag);
    }
  });
  return map;
}

function checkDepth(depth: number): void {
  if (depth > valueDepthMax) {
    throw tooDeep();
  }
}

/** An id of so many bytes in hexadecimal; empty when it is missing or all zeros. */
export function readId(reader: OtlpReader, end: number, name: string, sizeBytes: number): string {
  const size = end - reader.offset;
  if (size !== 0 && size !== sizeBytes) {
    throw new ServiceError("bad_data", `unmarshal: invalid ${name} length`);
  }
  const hex = reader.hex(end);
  return /^0*$/u.test(hex) ? "" : hex;
}
