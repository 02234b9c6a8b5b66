import { expect, test } from "vitest";
import { levelNames, levelOfLabels, levelOfName, levelOfText } from "./level.ts";

test.for([
  ['{"level":"error","msg":"x"}', "error"],
  ['{"time":"t","level": "WARN"}', "warn"],
  ['{"level":30,"msg":"pino"}', "info"],
  ['{"severity":"CRITICAL"}', "fatal"],
  ["level=debug msg=x", "debug"],
  ["ts=1 lvl=eror msg=x", "error"],
  ['msg="said level=none" level=info', "info"],
  ["2026-01-05 10:00:00 ERROR something", "error"],
  ["E0105 10:00:00.000000       1 main.go:1] klog", "error"],
  ["I0105 10:00:00.000000       1 main.go:1] error in the text", "info"],
  ["[warning] low on disk", "warn"],
  ["<notice> started", "info"],
  ["an error happened, in prose", "unknown"],
  ["ERRORS are counted", "unknown"],
  ["sublevel=error", "unknown"],
  [`${"x".repeat(600)} ERROR`, "unknown"],
  ["", "unknown"],
] as const)("the level of %s", ([line, level]) => {
  expect(levelNames[levelOfText(line)]).toBe(level);
});

test("labels tell a level, the server's finding first", () => {
  expect(levelNames[levelOfLabels({ level: "info", detected_level: "error" })]).toBe("error");
  expect(levelNames[levelOfLabels({ level: "odd", severity: "warn" })]).toBe("warn");
  expect(levelNames[levelOfLabels({ app: "error" })]).toBe("unknown");
});

test("names of levels are read in any case", () => {
  expect(levelNames[levelOfName("Emergency")]).toBe("fatal");
  expect(levelNames[levelOfName("")]).toBe("unknown");
  expect(levelNames[levelOfName("constructor")]).toBe("unknown");
});
