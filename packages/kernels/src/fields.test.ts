import { logLine, logLineIn, seededRng } from "@sluice/testkit";
import { describe, expect, test } from "vitest";
import {
  createKernels,
  fieldKind,
  fieldNames,
  fieldStatus,
  kernelMemoryBytesMax,
  plainKernels,
  type FieldColumns,
  type Kernels,
  type LogfmtOptions,
} from "./index.ts";

const kernels = createKernels();
const encoder = new TextEncoder();
const kindNames = Object.keys(fieldKind);
const statusNames = Object.keys(fieldStatus);
const lenient: LogfmtOptions = { isStrict: false, keepEmpty: false, isWhole: false };

/** Lines as a block holds them, behind a few bytes that are no line. */
function joined(lines: readonly Uint8Array[]): { bytes: Uint8Array; starts: Uint32Array; ends: Uint32Array } {
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 5;
  for (const line of lines) {
    starts.push(at);
    at += line.length;
    ends.push(at);
    at += 1;
  }
  const bytes = new Uint8Array(at).fill(0x22);
  for (const [i, line] of lines.entries()) {
    bytes.set(line, starts[i]);
  }
  return { bytes, starts: Uint32Array.from(starts), ends: Uint32Array.from(ends) };
}

type Find = (kernels: Kernels, bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array) => FieldColumns;

const json =
  (names: readonly string[], isWhole = false): Find =>
  (tried, bytes, starts, ends) =>
    tried.jsonFields(bytes, starts, ends, Uint32Array.from(starts.keys()), fieldNames(names), isWhole);
const logfmt =
  (names: readonly string[], options = lenient): Find =>
  (tried, bytes, starts, ends) =>
    tried.logfmtFields(bytes, starts, ends, Uint32Array.from(starts.keys()), fieldNames(names), options);

/** What both find, which must be the same. */
function both(find: Find, lines: readonly Uint8Array[]): FieldColumns {
  const { bytes, starts, ends } = joined(lines);
  const found = find(kernels, bytes, starts, ends);
  expect(found).toEqual(find(plainKernels, bytes, starts, ends));
  return found;
}

/** What is found in one line: `kind text` for every name, or the line's status. */
function inLine(find: Find, text: string): string | readonly string[] {
  const line = encoder.encode(text);
  const { status, kinds, starts, ends } = both(find, [line]);
  if (status[0] !== fieldStatus.good) {
    return statusNames[status[0]!]!;
  }
  return Array.from(kinds, (kind, i) => {
    const value = Buffer.from(line.subarray(Math.max(starts[i]! - 5, 0), Math.max(ends[i]! - 5, 0))).toString();
    return kind === fieldKind.none ? "" : `${kindNames[kind]} ${value}`;
  });
}

// The cases are those of packages/logql/src/log: what its parsers answer, which is what Loki's do.
describe("JSON", () => {
  test.for([
    { line: '{"a":"x","b":1}', found: ["string x", "number 1"] },
    { line: ' {\t"b" : -1.50e3 , "a" : true }', found: ["boolean true", "number -1.50e3"] },
    { line: '{"a":"x\\n\\"y","b":false}', found: ['escapedString x\\n\\"y', "boolean false"] },
    { line: '{"a":"first","a":"second","b":1}', found: ["string first", "number 1"] },
    { line: '{"a":null,"a":[1,{"b":2}],"a":{"c":1},"b":3}', found: ["", "number 3"] },
    { line: '{"a":null,"a":"later"}', found: ["string later", ""] },
    { line: '{"a":"","b":"é\ufffd"}', found: ["string ", "string é\ufffd"] },
    { line: "{}", found: ["", ""] },
    { line: '{"a":1,}', found: ["number 1", ""] },
    { line: '{"a":1} and text', found: ["number 1", ""] },
    { line: '{"a":1,"b":2 broken', found: ["number 1", "number 2"] },
    { line: '{"a":1, broken', found: "invalid" },
    { line: '{"c":"}{\\"","d":[[[,"]"]]],"e":{"f":[},"a":1}', found: ["number 1", ""] },
    { line: '{"c":nul,"a":1,"b":2}', found: "invalid" },
    { line: '{"c":truely,"a":1,"b":2}', found: "invalid" },
    { line: '{"a":1 "b":2}', found: "invalid" },
    { line: '{"a" 1}', found: "invalid" },
    { line: '{"a":}', found: "invalid" },
    { line: '{"a":"x', found: "invalid" },
    { line: '{"a":"x\\"', found: "invalid" },
    { line: '{"a', found: "invalid" },
    { line: "{", found: "invalid" },
    { line: "", found: "invalid" },
    { line: "[1]", found: "invalid" },
    { line: "plain text", found: "invalid" },
    { line: '\ufeff{"a":1}', found: "invalid" },
    { line: '{"\\u0061":1}', found: "odd" },
    { line: '{"é":1}', found: "odd" },
    { line: '{" a":1}', found: "odd" },
    { line: '{"":1}', found: "odd" },
  ])("$line", ({ line, found }) => {
    expect(inLine(json(["a", "b"]), line)).toEqual(found);
  });

  test.for([
    { line: '{"http":{"status":200}}', found: ["number 200", ""] },
    { line: '{"http_status":"x","http":{"status":200}}', found: ["string x", ""] },
    { line: '{"http.status":1}', found: ["number 1", ""] },
    { line: '{"http":{"req-id":"y"},"http":{"status":2}}', found: ["number 2", "string y"] },
    { line: '{"http":{"req":{"id":"y"}}}', found: ["", "string y"] },
    { line: '{"http":{"x":{"status":1}},"status":2}', found: ["", ""] },
    { line: '{"http":{"status":{"status":1}}}', found: ["", ""] },
    // Objects that no wanted name begins with are not looked into, others are.
    { line: '{"other":{"a":?},"http":{"status":1,"req":{"id":1}}}', found: ["number 1", "number 1"] },
    { line: '{"http":{"a":?}}', found: "invalid" },
    { line: '{"h":{"a":?}}', found: "invalid" },
    { line: '{"http":{"1":0,"status":1}}', found: ["number 1", ""] },
  ])("nested: $line", ({ line, found }) => {
    expect(inLine(json(["http_status", "http_req_id"]), line)).toEqual(found);
  });

  test("a line is read to its end when its errors are asked for", () => {
    expect(inLine(json(["a"]), '{"a":1,"b":?}')).toEqual(["number 1"]);
    expect(inLine(json(["a"], true), '{"a":1,"b":?}')).toBe("invalid");
    expect(inLine(json(["a"], true), '{"a":1,"b":2,"a":3}')).toEqual(["number 1"]);
  });

  test("keys that begin with a digit have names that begin with an underscore", () => {
    expect(inLine(json(["_1"]), '{"1":"x"}')).toBe("odd");
    expect(inLine(json(["a"]), '{"1":"x","a":2}')).toEqual(["number 2"]);
    expect(inLine(json(["_a"]), '{"-a":2}')).toEqual(["number 2"]);
  });

  test("objects in objects, as deep as a line is long, take no more than the line's own time", () => {
    const deep = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;
    expect(inLine(json(["a_a_a_b"]), deep)).toEqual([""]);
    expect(inLine(json(["a_a_a"]), '{"a":{"a":{"a":7}}}')).toEqual(["number 7"]);
  });
});

describe("logfmt", () => {
  test.for([
    { line: "a=1 b=two", found: ["string 1", "string two"] },
    { line: '  a="x y"\tb="q\\"q"', found: ["string x y", 'escapedString q\\"q'] },
    { line: "a=first a=second", found: ["string first", ""] },
    { line: "a= a=later b", found: ["string later", ""] },
    { line: 'a="" b="x"c=1', found: ["", "string x"] },
    { line: 'a=x"y b=2', found: ["", "string 2"] },
    { line: 'a=x=y b=2 "quoted" =z', found: ["", "string 2"] },
    { line: 'a="unterminated b=2', found: ["", ""] },
    { line: 'b=2 a="bad \\q escape" a=good', found: ["string good", "string 2"] },
    { line: 'a="\\u00e9" b="\\u00e"', found: ["escapedString \\u00e9", ""] },
    { line: 'a="tab\tin" b="tab\t and \\n"', found: ["string tab\tin", ""] },
    { line: 'a="ends in a backslash\\', found: ["", ""] },
    { line: "", found: ["", ""] },
    { line: "just some words", found: ["", ""] },
    { line: "a=é b=\ufffd", found: ["string é", "string \ufffd"] },
    { line: "ü=1 a=2", found: "odd" },
  ])("$line", ({ line, found }) => {
    expect(inLine(logfmt(["a", "b"]), line)).toEqual(found);
  });

  test.for([
    { line: "a=x=y b=2", found: "invalid" },
    { line: "b=2 =", found: "invalid" },
    { line: "b=2 a=x =", found: ["string x", "string 2"] },
    { line: 'b="', found: "invalid" },
    { line: 'b="\\q"', found: "invalid" },
  ])("strict: $line", ({ line, found }) => {
    expect(inLine(logfmt(["a", "b"], { ...lenient, isStrict: true }), line)).toEqual(found);
  });

  test("empty values and whole lines, when they are asked for", () => {
    expect(inLine(logfmt(["a"], { ...lenient, keepEmpty: true }), "a a=1")).toEqual(["string "]);
    expect(inLine(logfmt(["a"], { isStrict: true, keepEmpty: false, isWhole: true }), "a=1 =")).toBe("invalid");
  });

  test("names are sanitized, and long ones are found", () => {
    expect(inLine(logfmt(["http_status", "_1"]), "http.status=5 a=1")).toEqual(["string 5", ""]);
    expect(inLine(logfmt(["_1"]), "1=x")).toBe("odd");
    const long = "n".repeat(64);
    expect(inLine(logfmt([long, `${long.slice(1)}_`]), `${long}n=0 ${long.slice(1)}.=2 ${long}=1`)).toEqual([
      "string 1",
      "string 2",
    ]);
  });
});

test("some lines of many, in any order, twice", () => {
  const { bytes, starts, ends } = joined(['{"a":1}', '{"b":2}', '{"a":3,"b":4}'].map((line) => encoder.encode(line)));
  for (const tried of [kernels, plainKernels]) {
    const found = tried.jsonFields(bytes, starts, ends, Uint32Array.of(2, 0, 2), fieldNames(["b", "a"]), false);
    expect([...found.kinds]).toEqual([3, 0, 3, 3, 3, 3]);
    expect([...found.starts].map((at) => bytes[at])).toEqual([0x34, 0x22, 0x34, 0x33, 0x31, 0x33]);
    expect(() => tried.jsonFields(bytes, starts, ends, Uint32Array.of(3), fieldNames(["a"]), false)).toThrow(
      RangeError,
    );
    expect(() =>
      tried.logfmtFields(bytes.subarray(9), starts, ends, Uint32Array.of(2), fieldNames(["a"]), lenient),
    ).toThrow(RangeError);
    expect(tried.logfmtFields(bytes, starts, ends, new Uint32Array(), fieldNames(["a"]), lenient).kinds).toHaveLength(
      0,
    );
  }
});

test("lines that do not fit into the kernels' memory", () => {
  const line = encoder.encode('{"a":"');
  const bytes = new Uint8Array(kernelMemoryBytesMax).fill(0x78);
  bytes.set(line);
  const found = createKernels().jsonFields(
    ...([bytes, Uint32Array.of(0), Uint32Array.of(bytes.length)] as const),
    ...([Uint32Array.of(0), fieldNames(["a"]), false] as const),
  );
  expect([...found.status]).toEqual([fieldStatus.invalid]);
});

test.for([
  { title: "none", names: [] },
  { title: "too many", names: Array.from({ length: 17 }, (_, i) => `n${i}`) },
  { title: "one twice", names: ["a", "a"] },
  { title: "one that is no label", names: ["a.b"] },
  { title: "one that is too long", names: ["n".repeat(65)] },
])("names that are refused: $title", ({ names }) => {
  expect(() => fieldNames(names)).toThrow(RangeError);
});

describe("kernel and twin agree", () => {
  const rng = seededRng(11);
  const int = (end: number): number => Math.floor(rng.next() * end);
  const pick = <T>(values: readonly T[]): T => values[int(values.length)]!;
  const signs = encoder.encode('{}[]",:=\\ \n\tabtrue1_.\u00e9');
  const names = [["a"], ["a", "b"], ["a_b", "ab", "a"], ["_1"], ["status", "path", "level"], ["nothing"]];

  /** Real lines, damaged ones, and what is made of the signs that count. */
  function anyLine(i: number): Uint8Array {
    const line =
      int(2) === 0
        ? encoder.encode(
            pick([logLine(rng, i), logLineIn("logfmt", rng, i), '{"a":{"b":[1,"x"],"c":null},"a.b":"\\n"}']),
          )
        : Uint8Array.from({ length: int(40) }, () => pick(signs as unknown as readonly number[]));
    for (let flips = int(3); flips > 0 && line.length > 0; flips--) {
      line[int(line.length)] = int(3) === 0 ? int(256) : pick(signs as unknown as readonly number[]);
    }
    return line.subarray(0, int(4) === 0 ? int(line.length + 1) : line.length);
  }

  test("on damaged lines, cuts and garbage", () => {
    const seen = new Map<number, number>();
    for (let round = 0; round < 1500; round++) {
      const lines = Array.from({ length: 1 + int(12) }, (_, i) => anyLine(i));
      const options = { isStrict: int(2) === 0, keepEmpty: int(2) === 0, isWhole: int(4) === 0 };
      const find = int(2) === 0 ? json(pick(names), options.isWhole) : logfmt(pick(names), options);
      for (const status of both(find, lines).status) {
        seen.set(status, (seen.get(status) ?? 0) + 1);
      }
    }
    expect(Math.min(...[0, 1, 2].map((status) => seen.get(status) ?? 0))).toBeGreaterThan(100);
  });
});
