import { isServiceError } from "@sluice/model";
import { seededRng } from "@sluice/testkit";
import fc from "fast-check";
import protobuf from "protobufjs/light.js";
import { expect, test } from "vitest";
import { otlpRequestType, otlpSchema } from "../schema.ts";
import { type Attribute, type AttributeValue, printValue } from "./attribute-value.ts";
import type { LogRecord, LogRecordSink, Scope } from "./log-record.ts";
import { readOtlpProtobuf } from "./protobuf-otlp.ts";

const text = fc.string({ unit: "grapheme", maxLength: 12 });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const uint32 = fc.nat({ max: 2 ** 32 - 1 });
const { value } = fc.letrec<{ value: unknown; values: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constant({}),
    text.map((stringValue) => ({ stringValue })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((intValue) => ({ intValue: String(intValue) })),
    fc.double().map((doubleValue) => ({ doubleValue })),
    fc.uint8Array({ maxLength: 8 }).map((bytesValue) => ({ bytesValue })),
    fc.array(tie("value"), { maxLength: 3 }).map((values) => ({ arrayValue: { values } })),
    fc
      .uniqueArray(fc.record({ key: text, value: tie("value") }), { maxLength: 3, selector: ({ key }) => key })
      .map((values) => ({ kvlistValue: { values } })),
  ),
  values: fc.constant([]),
}));
const attributes = fc.array(fc.record({ key: text, value }), { maxLength: 3 });
const id = (size: number): fc.Arbitrary<Uint8Array> =>
  fc.oneof(fc.constant(new Uint8Array(0)), fc.uint8Array({ minLength: size, maxLength: size }));
const record = fc.record({
  timeUnixNano: uint64,
  observedTimeUnixNano: uint64,
  severityNumber: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  severityText: text,
  body: value,
  attributes,
  droppedAttributesCount: uint32,
  flags: uint32,
  traceId: id(16),
  spanId: id(8),
  eventName: text,
});
const scope = fc.record({ name: text, version: text, attributes, droppedAttributesCount: uint32 });
const request = fc.record({
  resourceLogs: fc.array(
    fc.record({
      resource: fc.record({ attributes, droppedAttributesCount: uint32 }),
      scopeLogs: fc.array(fc.record({ scope, logRecords: fc.array(record, { maxLength: 3 }), schemaUrl: text }), {
        maxLength: 2,
      }),
      schemaUrl: text,
    }),
    { maxLength: 2 },
  ),
});

function encode(message: object): Uint8Array {
  return otlpRequestType.encode(otlpRequestType.fromObject(message)).finish();
}

test("every request reads the same", () => {
  fc.assert(
    fc.property(request, (message) => {
      const bytes = encode(message);
      expect(read(bytes)).toEqual(oracle(bytes));
    }),
    { numRuns: 300 },
  );
});

test("damaged requests: an error that a client can act on, or what protobufjs reads", () => {
  const rng = seededRng(20_261_125);
  const int = (end: number): number => Math.floor(rng.next() * end);
  let accepted = 0;
  for (const message of fc.sample(request, { numRuns: 120, seed: 7 })) {
    const good = encode(message);
    for (let round = 0; round < 30; round++) {
      const bad = round % 4 === 0 ? good.slice(0, int(good.length)) : Uint8Array.from(good);
      for (let flips = int(4); flips > 0 && bad.length > 0; flips--) {
        bad[int(bad.length)]! ^= 1 << int(8);
      }
      accepted += agrees(bad) ? 1 : 0;
    }
  }
  expect(accepted, "some damage must still be readable, or the test proves little").toBeGreaterThan(300);
});

test("garbage: an error that a client can act on, or what protobufjs reads", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      agrees(bytes);
    }),
    { numRuns: 3000 },
  );
});

type Row = readonly unknown[];

/** What a sink is told, as plain values; texts as hexadecimal bytes where damage makes invalid UTF-8. */
class Rows implements LogRecordSink {
  readonly all: Row[] = [];

  resource(given: readonly Attribute[]): void {
    this.all.push(["resource", printed(given)]);
  }

  scope(given: Scope): void {
    this.all.push(["scope", given.name, given.version, printed(given.attributes), given.droppedAttributesCount]);
  }

  record({ line, attributes: given, ...fields }: LogRecord): void {
    this.all.push([Buffer.from(line as string).toString("hex"), printed(given), { ...fields }]);
  }
}

function printed(given: readonly Attribute[]): readonly string[] {
  return given.map(({ key, value: one }) => `${key}=${one instanceof Map ? "map " : ""}${printValue(one)}`);
}

function read(bytes: Uint8Array): readonly Row[] {
  const rows = new Rows();
  readOtlpProtobuf(bytes, rows);
  return rows.all;
}

/** The schema with bytes for strings: protobufjs reads damaged UTF-8 in its own way. */
const bytesType = protobuf.Root.fromJSON(
  JSON.parse(JSON.stringify(otlpSchema).replaceAll('"type":"string"', '"type":"bytes"')) as protobuf.INamespace,
).lookupType("otlp.ExportLogsServiceRequest");

interface RawAttribute {
  readonly key: Uint8Array;
  readonly value: RawValue | null;
}

interface RawValue {
  readonly value?: string;
  readonly stringValue: Uint8Array;
  readonly boolValue: boolean;
  readonly intValue: unknown;
  readonly doubleValue: number;
  readonly bytesValue: Uint8Array;
  readonly arrayValue: { readonly values: readonly RawValue[] };
  readonly kvlistValue: { readonly values: readonly RawAttribute[] };
}

interface RawRequest {
  readonly resourceLogs: readonly {
    readonly resource: { readonly attributes: readonly RawAttribute[] } | null;
    readonly scopeLogs: readonly {
      readonly scope: {
        readonly name: Uint8Array;
        readonly version: Uint8Array;
        readonly attributes: readonly RawAttribute[];
        readonly droppedAttributesCount: number;
      } | null;
      readonly logRecords: readonly {
        readonly timeUnixNano: unknown;
        readonly observedTimeUnixNano: unknown;
        readonly severityNumber: number;
        readonly severityText: Uint8Array;
        readonly body: RawValue | null;
        readonly attributes: readonly RawAttribute[];
        readonly droppedAttributesCount: number;
        readonly flags: number;
        readonly traceId: Uint8Array;
        readonly spanId: Uint8Array;
        readonly eventName: Uint8Array;
      }[];
    }[];
  }[];
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
// protobufjs answers with an empty array where a bytes field is missing.
const textOf = (bytes: Iterable<number>): string => decoder.decode(Uint8Array.from(bytes));

function oracle(bytes: Uint8Array): readonly Row[] {
  const { resourceLogs } = bytesType.decode(bytes) as unknown as RawRequest;
  const rows = new Rows();
  for (const { resource, scopeLogs } of resourceLogs) {
    rows.resource((resource?.attributes ?? []).map(attributeOf));
    for (const { scope: raw, logRecords } of scopeLogs) {
      rows.scope({
        name: textOf(raw?.name ?? []),
        version: textOf(raw?.version ?? []),
        attributes: (raw?.attributes ?? []).map(attributeOf),
        droppedAttributesCount: raw?.droppedAttributesCount ?? 0,
      });
      for (const one of logRecords) {
        rows.record({
          timeNs: BigInt(String(one.timeUnixNano)),
          observedNs: BigInt(String(one.observedTimeUnixNano)),
          severityNumber: one.severityNumber,
          severityText: textOf(one.severityText),
          line:
            one.body?.value === "stringValue" ? Uint8Array.from(one.body.stringValue) : printValue(valueOf(one.body)),
          attributes: one.attributes.map(attributeOf),
          droppedAttributesCount: one.droppedAttributesCount,
          flags: one.flags,
          traceId: idOf(one.traceId, 16),
          spanId: idOf(one.spanId, 8),
          eventName: textOf(one.eventName),
        });
      }
    }
  }
  return rows.all;
}

/** @throws {RangeError} where our reader says that the length is wrong. */
function idOf(bytes: Uint8Array, size: number): string {
  if (bytes.length !== 0 && bytes.length !== size) {
    throw new RangeError("wrong id length");
  }
  const hex = Buffer.from(bytes).toString("hex");
  return /^0*$/u.test(hex) ? "" : hex;
}

function attributeOf({ key, value: raw }: RawAttribute): Attribute {
  return { key: textOf(key), value: valueOf(raw) };
}

function valueOf(raw: RawValue | null): AttributeValue {
  switch (raw?.value) {
    case "stringValue":
      return textOf(raw.stringValue);
    case "boolValue":
      return raw.boolValue;
    case "intValue":
      return BigInt(String(raw.intValue));
    case "doubleValue":
      return raw.doubleValue;
    case "bytesValue":
      return Uint8Array.from(raw.bytesValue);
    case "arrayValue":
      return raw.arrayValue.values.map(valueOf);
    case "kvlistValue":
      return new Map(raw.kvlistValue.values.map(attributeOf).map(({ key, value: one }) => [key, one]));
    default:
      return undefined;
  }
}

/** Whether the bytes were accepted; when they were, the oracle must read the same. */
function agrees(bytes: Uint8Array): boolean {
  const hex = Buffer.from(bytes).toString("hex");
  let rows: readonly Row[];
  try {
    rows = read(bytes);
  } catch (error) {
    expect(isServiceError(error, "bad_data"), `${String(error)} for ${hex}`).toBe(true);
    return false;
  }
  let expected: readonly Row[];
  try {
    expected = oracle(bytes);
  } catch (error) {
    // Like Go's readers ours does not look at field numbers inside an unknown group, and takes tags of any length.
    expect(String(error), hex).toMatch(/invalid end group tag|invalid tag encoding|illegal tag/u);
    return false;
  }
  expect(rows, hex).toEqual(expected);
  return true;
}
