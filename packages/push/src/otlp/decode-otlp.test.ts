import { gzipSync, zstdCompressSync } from "node:zlib";
import { entriesOf, isServiceError, labelsToRecord } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { defaultPushLimits } from "../limits.ts";
import { otlpRequestType } from "../schema.ts";
import { fieldSize, writeHeader } from "../wire-writer.ts";
import { decodeOtlp, type OtlpOptions } from "./decode-otlp.ts";
import { compileOtlpMapping, type OtlpConfig } from "./otlp-mapping.ts";

const arrivalNs = 1_800_000_000_000_000_000n;
const nowNs = (): bigint => arrivalNs;
const text = (stringValue: string): object => ({ stringValue });
const attribute = (key: string, value: object | string): object => ({
  key,
  value: typeof value === "string" ? text(value) : value,
});

/** A request of one resource, one scope. */
function requestOf(given: {
  readonly resource?: readonly object[];
  readonly scope?: object;
  readonly records: readonly object[];
}): object {
  return {
    resourceLogs: [
      {
        resource: { attributes: given.resource ?? [attribute("service.name", "api")] },
        scopeLogs: [{ scope: given.scope ?? {}, logRecords: given.records }],
      },
    ],
  };
}

type Line = readonly [labels: string, timestampNs: bigint, line: string, metadata: Readonly<Record<string, string>>];

function decodeJson(request: unknown, options: Partial<OtlpOptions> = {}): readonly Line[] {
  const body = Buffer.from(typeof request === "string" ? request : JSON.stringify(request));
  return linesOf(
    decodeOtlp({ body, contentType: "application/json", contentEncoding: undefined }, { nowNs, ...options }),
  );
}

function linesOf(streams: ReturnType<typeof decodeOtlp>): readonly Line[] {
  return streams.flatMap(({ labels, batch }) =>
    entriesOf(batch).map((entry): Line => {
      return [labels, entry.timestampNs, entry.line, labelsToRecord(entry.metadata ?? [])];
    }),
  );
}

const whole = requestOf({
  resource: [
    attribute("service.name", "api"),
    attribute("k8s.pod.name", "api-7"),
    attribute("host.name", "node-1"),
    attribute("deployment.environment", { kvlistValue: { values: [attribute("name", "prod")] } }),
  ],
  scope: {
    name: "lib",
    version: "1.2",
    attributes: [attribute("build", { intValue: "7" })],
    droppedAttributesCount: 2,
  },
  records: [
    {
      timeUnixNano: "1700000000123456789",
      observedTimeUnixNano: "1700000000123456999",
      severityNumber: 17,
      severityText: "ERROR",
      body: text("it failed"),
      attributes: [
        attribute("http.status_code", { intValue: "-500" }),
        attribute("user", { kvlistValue: { values: [attribute("id", { doubleValue: 1.5 }), attribute("1a", "x")] } }),
        attribute("tags", { arrayValue: { values: [text("a<b"), { boolValue: true }, {}] } }),
        attribute("event_name", "hidden by the field"),
      ],
      droppedAttributesCount: 1,
      flags: 1,
      traceId: "0102030405060708090a0b0c0d0e0f10",
      spanId: "0000000000000000",
      eventName: "failure",
    },
  ],
});

const wholeLine: Line = [
  '{deployment_environment_name="prod", k8s_pod_name="api-7", service_name="api"}',
  1_700_000_000_123_456_789n,
  "it failed",
  {
    build: "7",
    dropped_attributes_count: "1",
    event_name: "failure",
    flags: "1",
    host_name: "node-1",
    http_status_code: "-500",
    observed_timestamp: "1700000000123456999",
    scope_dropped_attributes_count: "2",
    scope_name: "lib",
    scope_version: "1.2",
    severity_number: "17",
    severity_text: "ERROR",
    tags: '["a<b",true,null]',
    trace_id: "0102030405060708090a0b0c0d0e0f10",
    user_1a: "x",
    user_id: "1.5",
  },
];

test("listed resource attributes are labels, all else is structured metadata", () => {
  expect(decodeJson(whole)).toEqual([wholeLine]);
});

test("protobuf says the same, compressed or not", () => {
  const message = JSON.parse(JSON.stringify(whole), (name, value: unknown) =>
    /^(?:trace|span)Id$/u.test(name) ? Buffer.from(value as string, "hex").toString("base64") : value,
  ) as object;
  const plain = otlpRequestType.encode(otlpRequestType.fromObject(message)).finish();
  for (const [contentEncoding, body] of [
    [undefined, plain],
    ["", plain],
    ["gzip", gzipSync(plain)],
    ["zstd", zstdCompressSync(plain)],
    ["lz4", plainLz4Of(plain)],
  ] as const) {
    const contentType = "application/x-protobuf";
    expect(linesOf(decodeOtlp({ body, contentType, contentEncoding }, { nowNs })), contentEncoding).toEqual([
      wholeLine,
    ]);
  }
});

/** A frame of one block that is not compressed. */
function plainLz4Of(content: Uint8Array): Uint8Array {
  const size = Buffer.alloc(4);
  size.writeUInt32LE((0x8000_0000 + content.length) >>> 0);
  return new Uint8Array(Buffer.concat([Buffer.from("04224d184070df", "hex"), size, content, Buffer.alloc(4)]));
}

test.for<{ readonly title: string; readonly record: object; readonly ns: bigint }>([
  { title: "its own", record: { timeUnixNano: "5" }, ns: 5n },
  { title: "when it was observed", record: { observedTimeUnixNano: "7" }, ns: 7n },
  { title: "now", record: {}, ns: arrivalNs },
  {
    title: "a number too large for a double",
    record: { timeUnixNano: 0 },
    ns: 1_700_000_000_123_456_789n,
  },
])("the time of a record is $title", ({ record, ns }) => {
  const request = JSON.stringify(requestOf({ records: [record] })).replace(
    '"timeUnixNano":0',
    '"timeUnixNano":1700000000123456789',
  );
  expect(decodeJson(request)).toEqual([['{service_name="api"}', ns, "", {}]]);
});

test.for<readonly [body: object, line: string]>([
  [{}, ""],
  [{ boolValue: false }, "false"],
  [{ intValue: "9007199254740993" }, "9007199254740993"],
  [{ int_value: 12 }, "12"],
  [{ doubleValue: 1e21 }, "1e+21"],
  [{ doubleValue: "NaN" }, "json: unsupported value: NaN"],
  [{ doubleValue: "Infinity" }, "json: unsupported value: +Inf"],
  [{ doubleValue: "-Infinity" }, "json: unsupported value: -Inf"],
  [{ bytesValue: "aGk=" }, "aGk="],
  [
    { kvlistValue: { values: [attribute("b", { intValue: 1 }), attribute("a", "\u2028\u0001")] } },
    String.raw`{"a":"\u2028\u0001","b":1}`,
  ],
  [{ arrayValue: { values: [{ doubleValue: "Infinity" }] } }, ""],
  [{ arrayValue: null }, "[]"],
])("the body %j is the line %s", ([body, line]) => {
  expect(decodeJson(requestOf({ records: [{ body }] }))[0]?.[2]).toBe(line);
});

test("names in snake_case, enums by name, nulls and unknown fields are read", () => {
  const request = {
    resource_logs: [
      {
        resource: null,
        scope_logs: [
          {
            scope: null,
            log_records: [{ time_unix_nano: 3, severity_number: "SEVERITY_NUMBER_WARN2", trace_id: null, more: [1] }],
          },
        ],
      },
    ],
  };
  expect(decodeJson(request)).toEqual([["{}", 3n, "", { severity_number: "14" }]]);
});

const rules = (config: Partial<OtlpConfig>): Partial<OtlpOptions> => ({
  mapping: compileOtlpMapping({
    resourceAttributes: [],
    scopeAttributes: [],
    logAttributes: [],
    severityTextAsLabel: false,
    ...config,
  }),
});

test.for<{ readonly title: string; readonly config: Partial<OtlpConfig>; readonly want: readonly [string, object] }>([
  { title: "nothing", config: {}, want: ["{}", { a: "own", pod_uid: "u", s: "1", severity_text: "WARN" }] },
  {
    title: "a label by name, the first rule that fits",
    config: {
      resourceAttributes: [
        { action: "index_label", attributes: ["pod.uid"], regex: "" },
        { action: "drop", attributes: [], regex: "pod.*" },
      ],
    },
    want: ['{pod_uid="u"}', { a: "own", s: "1", severity_text: "WARN" }],
  },
  {
    title: "what is dropped by a pattern of the whole name",
    config: {
      resourceAttributes: [{ action: "drop", attributes: [], regex: "pod.*" }],
      scopeAttributes: [{ action: "drop", attributes: ["s"], regex: "" }],
      logAttributes: [{ action: "drop", attributes: [], regex: "x" }],
    },
    want: ["{}", { a: "own", severity_text: "WARN" }],
  },
  {
    title: "labels from records",
    config: { logAttributes: [{ action: "index_label", attributes: ["a"], regex: "" }], severityTextAsLabel: true },
    want: ['{a="own", severity_text="WARN"}', { pod_uid: "u", s: "1", severity_text: "WARN" }],
  },
])("the rules say $title", ({ config, want }) => {
  const request = requestOf({
    resource: [attribute("pod.uid", "u")],
    scope: { attributes: [attribute("s", "1")] },
    records: [{ attributes: [attribute("a", "own")], severityText: "WARN" }],
  });
  const [line] = decodeJson(request, rules(config));
  expect([line?.[0], line?.[3]]).toEqual(want);
});

test("of names that are equal the scope's wins over the resource's, and that over the record's", () => {
  const request = requestOf({
    resource: [attribute("x", "resource"), attribute("y", "resource")],
    scope: { attributes: [attribute("x", "scope")] },
    records: [{ attributes: [attribute("x", "record"), attribute("y", "record"), attribute("z", "record")] }],
  });
  expect(decodeJson(request)[0]?.[3]).toEqual({ x: "scope", y: "resource", z: "record" });
});

test.for<{ readonly request: unknown; readonly told: string }>([
  { request: "", told: "EOF" },
  { request: "[]", told: "readObjectStart: expect { or n, but found an array" },
  { request: "{", told: "cannot parse the request as JSON:" },
  { request: { resourceLogs: 1 }, told: 'the field "resourceLogs" must be an array, not a number' },
  { request: requestOf({ records: [{ traceId: "01" }] }), told: 'the field "traceId" must be 32 hexadecimal digits' },
  { request: requestOf({ records: [{ timeUnixNano: "-1" }] }), told: 'the field "timeUnixNano" must be an unsigned' },
  { request: requestOf({ records: [{ timeUnixNano: "x" }] }), told: 'the field "timeUnixNano" must be an integer' },
  {
    request: requestOf({ records: [{ severityNumber: "LOUD" }] }),
    told: 'the field "severityNumber" must be a severity',
  },
  { request: requestOf({ records: [{ body: "text" }] }), told: 'the field "body" must be an object, not "text"' },
  { request: requestOf({ records: [{ body: { stringValue: 5 } }] }), told: 'the field "stringValue" must be a string' },
  { request: requestOf({ records: [{ body: { bytesValue: "?" } }] }), told: 'the field "bytesValue" must be Base64' },
  {
    request: requestOf({ records: [{ attributes: [attribute("é", "x")] }] }),
    told: 'symbolizer lookup: normalization for label name "é" resulted in invalid name "_"',
  },
  {
    request: requestOf({ records: [{ attributes: [attribute("", "x")] }] }),
    told: "symbolizer lookup: label name is empty",
  },
])("$request is refused: $told", ({ request, told }) => {
  expect(() => decodeJson(request)).toThrow(told);
});

test.for<{ readonly type: string | undefined; readonly encoding?: string; readonly told: string }>([
  { type: undefined, told: "content type:  is not supported" },
  { type: "text/plain", told: "content type: text/plain is not supported" },
  { type: "application/json", encoding: "br", told: "unsupported content encoding br: only gzip, lz4 and zstd are" },
  { type: "application/json", encoding: "gzip", told: "gzip: invalid header" },
  { type: "application/json", encoding: "zstd", told: "magic number mismatch" },
  { type: "application/json", encoding: "lz4", told: "lz4: bad magic number" },
])("$type, $encoding is refused: $told", ({ type, encoding, told }) => {
  const body = Buffer.from("{}{}{}{}{}{}{}");
  expect(() => decodeOtlp({ body, contentType: type, contentEncoding: encoding }, { nowNs })).toThrow(told);
});

test("a content type may have parameters", () => {
  const body = Buffer.from(JSON.stringify(whole));
  const contentType = "Application/JSON; charset=utf-8";
  expect(linesOf(decodeOtlp({ body, contentType, contentEncoding: undefined }, { nowNs }))).toEqual([wholeLine]);
});

/** An array in an array, so deep. */
function deep(depth: number): object {
  return depth === 0 ? {} : { arrayValue: { values: [deep(depth - 1)] } };
}

/** The same on the wire, by hand: protobufjs writes nothing so deep. */
function deepBytes(depth: number): Uint8Array {
  let bytes = new Uint8Array(0);
  for (const tag of [...Array.from({ length: depth }, () => [0x0a, 0x2a]).flat(), 0x2a, 0x12, 0x12, 0x0a]) {
    const field = new Uint8Array(fieldSize(bytes.length));
    field.set(bytes, writeHeader(field, 0, tag, bytes.length));
    bytes = field;
  }
  return bytes;
}

test("values are read as deep as others read them, and no deeper", () => {
  const told = "a value has more than 100 arrays and maps in each other";
  const readBytes = (depth: number): readonly Line[] =>
    linesOf(
      decodeOtlp(
        { body: deepBytes(depth), contentType: "application/x-protobuf", contentEncoding: undefined },
        { nowNs },
      ),
    );
  for (const depth of [101, 5000]) {
    expect(() => readBytes(depth)).toThrow(told);
  }
  expect(() => decodeJson(requestOf({ records: [{ body: deep(101) }] }))).toThrow(told);
  expect(() => decodeJson(requestOf({ records: [{ attributes: [attribute("a", deep(101))] }] }))).toThrow(told);
  const line = `${"[".repeat(100)}null${"]".repeat(100)}`;
  expect(readBytes(100)[0]?.[2]).toBe(line);
  expect(decodeJson(requestOf({ records: [{ body: deep(100) }] }))[0]?.[2]).toBe(line);
});

test.for<{ readonly title: string; readonly request: object; readonly told: string }>([
  {
    title: "records",
    request: requestOf({ records: Array.from({ length: 4 }, () => ({})) }),
    told: "more than 3 entries in one request",
  },
  {
    title: "streams",
    request: {
      resourceLogs: Array.from({ length: 3 }, (_, i) => ({
        resource: { attributes: [attribute("service.name", `s${i}`)] },
        scopeLogs: [{ logRecords: [{}] }],
      })),
    },
    told: "more than 2 streams in one request",
  },
])("too many $title are refused", ({ request, told }) => {
  const limits = { ...defaultPushLimits, entriesMax: 3, streamsMax: 2 };
  expect(() => decodeJson(request, { limits })).toThrow(told);
});

test.for([3, 40])("of %i attributes with repeated names the last ones count, in order", (count) => {
  const attributes = Array.from({ length: count }, (_, i) => attribute(`n${(i * 7) % (count - 1)}`, String(i)));
  const want = new Map(attributes.map((_, i) => [`n${(i * 7) % (count - 1)}`, String(i)]));
  const [line] = decodeJson(requestOf({ records: [{ attributes }] }));
  expect(line?.[3]).toEqual(Object.fromEntries(want));
  expect(Object.keys(line![3])).toEqual(Object.keys(line![3]).toSorted((x, y) => (x < y ? -1 : 1)));
});

test("attributes of a resource are not multiplied by its records and scopes without end", () => {
  const resource = { attributes: Array.from({ length: 10_000 }, (_, i) => attribute(`a${i}`, "x")) };
  const many = Array.from({ length: 10_000 }, () => ({}));
  for (const scopeLogs of [[{ logRecords: many }], many]) {
    expect(() => decodeJson({ resourceLogs: [{ resource, scopeLogs }] })).toThrow(
      "characters of attributes in one request",
    );
  }
});

test("whatever comes, it is read or refused", () => {
  fc.assert(
    fc.property(fc.json({ depthSize: "medium" }), fc.constantFrom("resourceLogs", "x"), (json, name) => {
      try {
        decodeJson(`{"${name}":[{"scopeLogs":[{"logRecords":[{"attributes":[{"key":"a","value":${json}}]}]}]}]}`);
      } catch (error) {
        expect(isServiceError(error), String(error)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});
