import { readFileSync } from "node:fs";
import { isServiceError } from "@sluice/model";
import { expect, test } from "vitest";
import { functionNames } from "../src/template/functions/table.ts";
import { TemplateError } from "../src/template/template-error.ts";
import { compileTemplate, type TemplateContext } from "../src/template/template.ts";

const labels = new Map([
  ["a", "info"],
  ["b", "héllo wörld€"],
  ["n", "42"],
  ["f", "3.75"],
  ["neg", "-7"],
  ["e", ""],
  ["big", "9223372036854775807"],
  ["d", "1h2m3.5s"],
  ["sz", "1.5MiB"],
  ["j", '{"x":1,"y":[1,2.5,"s",null,true],"z":{"k":"v","n":null},"big":1e21,"s":1e-7,"nul":null,"t":false}'],
  ["date", "2024-01-02T03:04:05.678Z"],
  ["url", "a%20b+c%2Fd"],
  ["b64", "aGVsbG8"],
  ["sp", "  x y  "],
  ["emo", "a😀b"],
  ["html", "<a href='x'>&\"</a>"],
  ["epoch", "1704164645"],
  ["hex", "0x1F"],
  ["oct", "010"],
  ["nan", "NaN"],
  ["pid", "a=b\\c"],
]);

const context: TemplateContext = {
  label: (name) => labels.get(name),
  labels: () => labels,
  line: 'level=info msg="foo bar" café <tag> 日本',
  timestampNs: 1_704_164_645_123_456_789n,
};

function casesOf(name: string): { template: string; wanted: string }[] {
  return readFileSync(new URL(`templates/${name}.txt`, import.meta.url), "utf8")
    .split("\n")
    .filter((row) => row.includes(" ==> ") && !row.startsWith("# template"))
    .map((row) => row.replaceAll("⏎", "\n"))
    .map((row) => ({ template: row.slice(0, row.indexOf(" ==> ")), wanted: row.slice(row.indexOf(" ==> ") + 5) }));
}

function errorOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

test.for(["actions", "functions", "printf", "times"].flatMap(casesOf))("$template", ({ template, wanted }) => {
  expect(compileTemplate("line", template).execute(context)).toBe(wanted);
});

test.for(casesOf("execution-errors"))("$template fails", ({ template, wanted }) => {
  const error = errorOf(() => compileTemplate("line", template).execute(context));
  expect(error instanceof TemplateError && error.message).toBe(wanted);
});

test.for(casesOf("parse-errors"))("$template is refused", ({ template, wanted }) => {
  const error = errorOf(() => compileTemplate("line", template));
  expect(isServiceError(error, "bad_data") && error.message).toBe(wanted);
});

test("every function is in a case", () => {
  const all = ["actions", "functions", "printf", "times", "execution-errors"].flatMap(casesOf);
  const called = new Set(all.flatMap(({ template }) => template.match(/\w+/gu) ?? []));
  expect(functionNames.filter((name) => !called.has(name))).toEqual(["now"]);
});

test("messages name templates of labels as Loki does", () => {
  const error = errorOf(() => compileTemplate("label", "{{.y"));
  expect(isServiceError(error, "bad_data") && error.message).toBe("template: label:1: unclosed action");
});

test("now is the time", () => {
  const before = Date.now();
  const printed = Number(compileTemplate("line", "{{now | unixEpochMillis}}").execute(context));
  expect(printed).toBeGreaterThanOrEqual(before);
  expect(printed).toBeLessThanOrEqual(Date.now());
});
