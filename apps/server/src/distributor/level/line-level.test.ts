import fc from "fast-check";
import { expect, test } from "vitest";
import { compileLevelFields } from "./level-fields.ts";
import { levels } from "./level.ts";
import { LineLevels } from "./line-level.ts";

const fields = compileLevelFields(["level", "severity", "lvl"]);

function levelOf(line: string, jsonDepthMax = 2): string {
  const bytes = new TextEncoder().encode(line);
  return levels[new LineLevels(bytes, { fields, jsonDepthMax }).levelOf(0, bytes.length)]!;
}

// What Loki answers to such lines.
test.for([
  ["", "unknown"],
  ["a line without one", "unknown"],
  ["error", "error"],
  ["ERROR: cannot open", "error"],
  ["12:00:01 [WARN] slow", "warn"],
  ["a warning for you", "warn"],
  ['said "critical" twice', "critical"],
  ["(fatal)", "fatal"],
  ["|err|", "error"],
  ["Trace!", "trace"],
  ["debug, then info", "debug"],
  ["info error", "info"],
  ["error info", "error"],
  ["critical", "critical"],
  ["errors", "unknown"],
  ["1error", "unknown"],
  ["misc:error", "unknown"],
  ["-error-", "unknown"],
  ["error-prone", "unknown"],
  ["error_code", "unknown"],
  ["error.txt", "unknown"],
  ["<error>", "unknown"],
  ["/error/", "unknown"],
  ["informational", "unknown"],
  ["errors, then an error", "error"],
] as const)("words: %s is %s", ([line, level]) => {
  expect(levelOf(line)).toBe(level);
});

test.for([
  ["level=warn msg=x", "warn"],
  ["msg=error level=info", "info"],
  ["LEVEL=Information", "info"],
  ["severity=err level=dbg", "debug"],
  ["lvl=wrn severity=trc", "trace"],
  ['level="ERROR" msg="all is well"', "error"],
  ['level="\\u0065rror"', "error"],
  ['msg="level=error" lvl=info', "info"],
  ["level=notice something went to error", "error"],
  ["level= msg=info", "info"],
  ['msg=a"b level=error', "error"],
  ['msg=a"b level=info error', "info"],
  ["a=b=c level=warn", "warn"],
  ['"quoted" level=info fatal', "info"],
  ["=x level=debug", "debug"],
  ['msg="open level=fatal', "fatal"],
  ["loglevel=error", "error"],
  ["x=1", "unknown"],
] as const)("logfmt: %s is %s", ([line, level]) => {
  expect(levelOf(line)).toBe(level);
});

test.for([
  ['{"level":"info","msg":"error"}', "info"],
  ['{"msg":"fatal","level":"warn"}', "warn"],
  ['  {"Level":"x","severity":"ERR"} ', "error"],
  ['{"a":{"level":"trc"},"level":"error"}', "trace"],
  ['{"a":{"b":{"level":"trace"}},"level":"error"}', "error"],
  ['{"level":{"name":"trace"},"lvl":"warn"}', "warn"],
  ['{"a":[{"level":"trace"}],"lvl":"warn"}', "warn"],
  ['{"level":30,"severity":"debug"}', "debug"],
  ['{"level":null,"lvl":"info"}', "info"],
  ['{"level":"notice","msg":"no-error-was"}', "unknown"],
  ['{"level":"notice","msg":" error "}', "error"],
  ['{"m":"}{\\"level\\":\\"fatal\\"","lvl":"info"}', "info"],
  ['{"a":1,"b":-2.5e3,"c":true,"level":"warn"}', "warn"],
  ['{"a":what,"level":"warn"}', "warn"],
  ['{"level":"info",,,}', "info"],
  ['{"a" "level":"debug"}', "debug"],
  ["{}", "unknown"],
  ['{"lvl":"info"} trailing error {}', "info"],
] as const)("JSON: %s is %s", ([line, level]) => {
  expect(levelOf(line)).toBe(level);
});

test("how deep a level may be in JSON can be set", () => {
  const line = '{"a":{"b":{"level":"trace"}},"level":"info"}';
  expect([1, 2, 3, 0].map((depth) => levelOf(line, depth))).toEqual(["info", "info", "trace", "trace"]);
});

test("JSON that is absurdly deep costs no more than its length, and no stack", () => {
  const deep = 50_000;
  const line = `${'{"a":'.repeat(deep)}1${"}".repeat(deep)}`;
  const startMs = performance.now();
  expect([levelOf(line, 0), levelOf(line, deep)]).toEqual(["unknown", "unknown"]);
  expect(performance.now() - startMs).toBeLessThan(5000);
});

test("lines in any order, and of any bytes, are read within their ends", () => {
  const piece = fc.constantFrom(
    "{",
    "}",
    '"',
    "\\",
    "=",
    ":",
    ",",
    " ",
    "level",
    "error",
    "info",
    "x",
    "[",
    "]",
    "é",
    "\n",
  );
  fc.assert(
    fc.property(
      fc.array(fc.array(piece, { maxLength: 12 }), { minLength: 1, maxLength: 6 }),
      fc.nat(),
      (lines, turn) => {
        const texts = lines.map((line) => line.join(""));
        const bytes = new TextEncoder().encode(texts.join(" error level=error "));
        const together = new LineLevels(bytes, { fields, jsonDepthMax: 2 });
        let offset = 0;
        const places = texts.map((text) => {
          const start = offset;
          offset += new TextEncoder().encode(`${text} error level=error `).length;
          return { text, start, end: start + new TextEncoder().encode(text).length };
        });
        for (let i = 0; i < places.length; i++) {
          const { text, start, end } = places[(i + turn) % places.length]!;
          expect(levels[together.levelOf(start, end)]).toBe(levelOf(text));
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test("lines that come out of order are not searched to the end of the push each", () => {
  const lineBytes = 500;
  const lines = 40_000;
  const bytes = new Uint8Array(lines * lineBytes).fill(0x61);
  bytes.set(new TextEncoder().encode("level=warn "), lineBytes);
  const detector = new LineLevels(bytes, { fields, jsonDepthMax: 2 });
  const startMs = performance.now();
  const found = Array.from({ length: lines }, (_, i) => {
    const start = (lines - 1 - i) * lineBytes;
    return levels[detector.levelOf(start, start + lineBytes)];
  });
  expect(performance.now() - startMs).toBeLessThan(3000);
  expect(found.flatMap((level, i) => (level === "unknown" ? [] : [[i, level]]))).toEqual([[lines - 2, "warn"]]);
});
