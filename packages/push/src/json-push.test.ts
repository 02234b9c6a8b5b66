import { deltaNsMax, entriesOf, isServiceError, type Entry } from "@sluice/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readJsonPush } from "./json-push.ts";
import { defaultPushLimits } from "./limits.ts";
import type { PushedStream } from "./pushed-stream.ts";

const prefix = "loghttp.PushRequest.Streams: []loghttp.LogProtoStream: unmarshalerDecoder: ";

function read(text: string): readonly PushedStream[] {
  return readJsonPush(new TextEncoder().encode(text), defaultPushLimits);
}

const withStream = (stream: string): string => `{"streams":[{"stream":${stream},"values":[]}]}`;
const withValues = (values: string): string => `{"streams":[{"stream":{"a":"b"},"values":${values}}]}`;

function entriesIn(text: string): readonly Entry[] {
  return read(text).flatMap(({ batch }) => entriesOf(batch));
}

function messageOf(text: string): string {
  try {
    read(text);
  } catch (error) {
    expect(isServiceError(error, "bad_data"), String(error)).toBe(true);
    return (error as Error).message;
  }
  return "accepted";
}

test("streams, entries and metadata in the order sent; batches are joined", () => {
  const [first, second] = read(
    '{"streams":[{"stream":{"pod":"p","app":"x"},"values":[["2","ünï\\n"],["1","",{"z":"1","a":"2"}]]},' +
      '{"stream":{},"values":[["-5","old"]]}]}',
  );
  expect(first!.labels).toBe('{app="x", pod="p"}');
  expect(entriesOf(first!.batch)).toEqual([
    { timestampNs: 2n, line: "ünï\n" },
    {
      timestampNs: 1n,
      line: "",
      metadata: [
        { name: "a", value: "2" },
        { name: "z", value: "1" },
      ],
    },
  ]);
  expect(new TextDecoder().decode(first!.batch.bytes)).toBe("ünï\n\n\n");
  expect(second!.labels).toBe("{}");
  expect(entriesOf(second!.batch)).toEqual([{ timestampNs: -5n, line: "old" }]);
});

describe("labels", () => {
  test.for([
    { title: "sorted, quoted as Go does", stream: '{"b":"x\\"y\\n","a":"é"}', want: '{a="é", b="x\\"y\\n"}' },
    { title: "empty values are kept for the parser to drop", stream: '{"a":""}', want: '{a=""}' },
    { title: "the last of a name wins", stream: '{"a":"1","a":"2"}', want: '{a="2"}' },
    { title: "a number", stream: '{"a":1}', want: '{a="1"}' },
    {
      title: "a number as it was written",
      stream: '{"a":1.10,"b":12345678901234567890}',
      want: '{a="1.10", b="12345678901234567890"}',
    },
    {
      title: "true, null and an object",
      stream: '{"a":true,"b":null,"c":{"d":1}}',
      want: '{a="true", b="null", c="{\\"d\\":\\"1\\"}"}',
    },
    { title: "a name that is none", stream: '{"a.b":"x"}', want: '{a.b="x"}' },
    {
      title: "a name of the object prototype",
      stream: '{"__proto__":"x","constructor":"y"}',
      want: '{__proto__="x", constructor="y"}',
    },
  ])("$title", ({ stream, want }) => {
    expect(read(withStream(stream))[0]!.labels).toBe(want);
  });

  test("a stream without labels", () => {
    expect(read('{"streams":[{"values":[["1","x"]]}]}')[0]!.labels).toBe("{}");
  });
});

describe("accepted, as Loki does", () => {
  test.for([
    { title: "null", text: "null", want: [] },
    { title: "an object without streams", text: '{"foo":1}', want: [] },
    { title: "null streams", text: '{"streams":null}', want: [] },
    { title: "unknown fields", text: '{"x":[],"streams":[{"stream":{},"y":{},"values":[["1","l"]]}]}', want: ["l"] },
    { title: "null values", text: withValues("null"), want: [] },
    { title: "no values", text: '{"streams":[{"stream":{}}]}', want: [] },
    { title: "a null entry", text: withValues('[null,["1","x"]]'), want: ["x"] },
    { title: "an entry without a line", text: withValues('[["1"]]'), want: [""] },
    { title: "an entry with nothing", text: withValues("[[]]"), want: [""] },
    { title: "more items than three", text: withValues('[["1","x",{},5,null]]'), want: ["x"] },
    { title: "NUL and newlines in a line", text: withValues('[["1","a\\u0000\\r\\nb"]]'), want: ["a\0\r\nb"] },
    { title: "half a surrogate pair", text: withValues('[["1","\\ud800"]]'), want: ["\ufffd"] },
  ])("$title", ({ text, want }) => {
    expect(entriesIn(text).map(({ line }) => line)).toEqual(want);
  });

  test("an entry without a time has Go's zero time", () => {
    expect(entriesIn(withValues("[[]]"))[0]!.timestampNs).toBe(-62_135_596_800_000_000_000n);
  });

  test.for([
    { text: "9223372036854775807", want: 9_223_372_036_854_775_807n },
    { text: "-9223372036854775807", want: -9_223_372_036_854_775_807n },
    { text: "-1", want: -1n },
    { text: "-1000000000", want: -1_000_000_000n },
    { text: "-1000000001", want: -1_000_000_001n },
    { text: "-0", want: 0n },
    { text: "0000000000000000007", want: 7n },
    { text: "1700000000999999999", want: 1_700_000_000_999_999_999n },
  ])("the time $text", ({ text, want }) => {
    expect(entriesIn(withValues(`[["${text}","x"]]`))[0]!.timestampNs).toBe(want);
  });

  test("empty metadata is no metadata", () => {
    expect(read(withValues('[["1","x",{}]]'))[0]!.batch.metadata).toBeUndefined();
  });
});

describe("refused", () => {
  const number = `${prefix}Value looks like Number/Boolean/None, but can't find its end: ',' or '}' symbol, error found: `;
  const text = `${prefix}Value is string, but can't find closing '"' symbol, error found: `;
  const object = `${prefix}Value looks like object, but can't find closing '}' symbol, error found: `;
  const array = `${prefix}Value is array, but can't find closing ']' symbol, error found: `;
  const overflow = `${prefix}Value is number, but overflowed while parsing, error found: `;
  const notNs = (entry: number, shown: string): string =>
    `the timestamp of entry ${entry} of stream 0 must be a string of integer nanoseconds, not ${shown}`;

  test.for([
    { title: "a number as time", values: '[["1","x"],[1700000000,"x"]]', want: number + notNs(1, "a number") },
    { title: "a word as time", values: '[["abc","x"]]', want: number + notNs(0, '"abc"') },
    { title: "a fraction", values: '[["1700000000.5","x"]]', want: number + notNs(0, '"1700000000.5"') },
    { title: "an empty time", values: '[["","x"]]', want: number + notNs(0, '""') },
    { title: "a null time", values: '[[null,"x"]]', want: number + notNs(0, "null") },
    { title: "a sign that Go refuses", values: '[["+1","x"]]', want: number + notNs(0, '"+1"') },
    { title: "a hexadecimal time", values: '[["0x10","x"]]', want: number + notNs(0, '"0x10"') },
    {
      title: "a time past 64 bits",
      values: '[["9223372036854775808","x"]]',
      want: overflow + notNs(0, '"9223372036854775808"'),
    },
    {
      title: "a time far past 64 bits",
      values: '[["-99223372036854775808","x"]]',
      want: overflow + notNs(0, '"-99223372036854775808"'),
    },
    {
      title: "a line that is a number",
      values: '[["1",5]]',
      want: `${text}the line of entry 0 of stream 0 must be a string, not a number`,
    },
    {
      title: "a line that is null",
      values: '[["1",null]]',
      want: `${text}the line of entry 0 of stream 0 must be a string, not null`,
    },
    {
      title: "metadata that is text",
      values: '[["1","x","y"]]',
      want: `${object}the metadata of entry 0 of stream 0 must be an object, not "y"`,
    },
    {
      title: "metadata that is an array",
      values: '[["1","x",[]]]',
      want: `${object}the metadata of entry 0 of stream 0 must be an object, not an array`,
    },
    {
      title: "a metadata value that is a number",
      values: '[["1","x",{"a":1}]]',
      want: `${text}the metadata "a" of entry 0 of stream 0 must be a string, not a number`,
    },
    {
      title: "an entry that is an object",
      values: "[{}]",
      want: `${array}entry 0 of stream 0 must be an array, not an object`,
    },
    {
      title: "values that are an object",
      values: "{}",
      want: `${array}the values of stream 0 must be an array, not an object`,
    },
  ])("$title", ({ values, want }) => {
    expect(messageOf(withValues(values))).toBe(want);
  });

  test.for([
    { title: "nothing", text: "", want: "EOF" },
    { title: "blanks", text: " \n", want: "EOF" },
    {
      title: "an array",
      text: "[]",
      want: "readObjectStart: expect { or n, but found [, error found in #1 byte of ...|[]|..., bigger context ...|[]|...",
    },
    {
      title: "labels that are text",
      text: withStream('"{}"'),
      want: `${object}the labels of stream 0 must be an object, not "{}"`,
    },
    {
      title: "null labels",
      text: withStream("null"),
      want: `${object}the labels of stream 0 must be an object, not null`,
    },
    { title: "a null stream", text: '{"streams":[null]}', want: `${object}stream 0 must be an object, not null` },
    {
      title: "streams that are an object",
      text: '{"streams":{}}',
      want: 'loghttp.PushRequest.Streams: decode slice: expect [ or n, but found an object in "streams"',
    },
  ])("$title", ({ text: body, want }) => {
    expect(messageOf(body)).toBe(want);
  });

  test("half a document", () => {
    expect(messageOf('{"streams":[')).toMatch(/^cannot parse the push as JSON: /u);
  });

  test("a label nested a hundred thousand times", () => {
    const nested = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect(messageOf(withStream(`{"a":${nested}}`))).toMatch(/^cannot read the label "a" of stream 0: /u);
  });

  test("a time of a million digits, at once", () => {
    expect(messageOf(withValues(`[["${"1".repeat(1_000_000)}","x"]]`))).toContain("overflowed while parsing");
  });
});

test("a stream is split where its entries are too far apart", () => {
  const far = BigInt(deltaNsMax);
  const streams = read(withValues(`[["0","a"],["${far}","b"],["${far + 1n}","c"],["1","d"]]`));
  expect(streams.map(({ labels }) => labels)).toEqual(['{a="b"}', '{a="b"}']);
  expect(
    streams.map(({ batch }) => new TextDecoder().decode(batch.bytes)),
    "still joined",
  ).toEqual(["a\nb\n", "c\nd\n"]);
  expect(streams.map(({ batch }) => entriesOf(batch).map(({ line }) => line))).toEqual([
    ["a", "b"],
    ["c", "d"],
  ]);
});

test("streams are counted", () => {
  const body = new TextEncoder().encode('{"streams":[{},{},{}]}');
  expect(() => readJsonPush(body, { ...defaultPushLimits, streamsMax: 2 })).toThrow("more than 2 streams");
});

test("every entry comes back as it was written", () => {
  const metadata = fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.string({ maxLength: 5 }), {
    maxKeys: 3,
  });
  const value = fc.tuple(
    fc.bigInt({ min: -4_000_000_000_000_000n, max: 4_000_000_000_000_000n }),
    fc.string({ unit: "grapheme" }),
    metadata,
  );
  fc.assert(
    fc.property(fc.array(value, { maxLength: 20 }), (values) => {
      const rows = values.map(([ns, line, pairs]) => [String(ns), line, pairs]);
      const got = entriesIn(JSON.stringify({ streams: [{ stream: {}, values: rows }] }));
      expect(got.map((entry) => [String(entry.timestampNs), entry.line, asRecord(entry)])).toEqual(rows);
    }),
    { numRuns: 200 },
  );
});

function asRecord({ metadata = [] }: Entry): Readonly<Record<string, string>> {
  return Object.fromEntries(metadata.map(({ name, value }) => [name, value]));
}

test("a push of more values than memory should be spent on is refused before it is parsed", () => {
  const pushOf = (entry: string, count: number): Uint8Array =>
    new TextEncoder().encode(`{"streams":[{"stream":{"a":"b"},"values":[${entry.repeat(count)}["1","x"]]}]}`);
  const startMs = performance.now();
  for (const body of [pushOf('["1",""],', 5_000_000), pushOf("[],", 5_000_000), pushOf("0,", 5_000_000)]) {
    expect(() => readJsonPush(body, defaultPushLimits)).toThrow(/^request body too large: more than 4000000 commas/u);
  }
  expect(performance.now() - startMs).toBeLessThan(5000);
});

test("what stands in lines is not counted", () => {
  const line = '\\",[{'.repeat(1_000_000);
  const body = new TextEncoder().encode(JSON.stringify({ streams: [{ stream: {}, values: [["1", line]] }] }));
  const [stream] = readJsonPush(body, defaultPushLimits);
  expect(stream!.batch.count).toBe(1);
  expect(stream!.batch.lineEnds[0]! - stream!.batch.lineStarts[0]!).toBe(line.length);
});
