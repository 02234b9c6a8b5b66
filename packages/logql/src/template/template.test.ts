import fc from "fast-check";
import { isServiceError, messageOf } from "@sluice/model";
import { expect, test } from "vitest";
import { functionNames } from "./functions/table.ts";
import { textLengthMax } from "./limits.ts";
import { TemplateError } from "./template-error.ts";
import { compileTemplate, type TemplateContext } from "./template.ts";

function contextOf(labels: Readonly<Record<string, string>>, line = "the line"): TemplateContext {
  return {
    label: (name) => (Object.hasOwn(labels, name) ? labels[name] : undefined),
    labels: () => Object.entries(labels),
    line,
    timestampNs: 1_700_000_000_000_000_000n,
  };
}

test.for([
  { source: "{{.a}} {{.b}}", names: ["a", "b"] },
  { source: "text", names: [] },
  { source: "{{if .a}}{{.b}}{{else}}{{.c}}{{end}}", names: ["a", "b", "c"] },
  { source: "{{with .a}}{{.}}{{$.b}}{{else}}{{.c}}{{end}}", names: ["a", "b", "c"] },
  { source: "{{range fromJson .a}}{{.x}}{{end}}", names: ["a"] },
  { source: '{{printf "%s" (.a | lower)}}', names: ["a"] },
  { source: '{{index . "a"}}{{index $ "b"}}', names: ["a", "b"] },
  { source: '{{define "t"}}{{.x}}{{end}}{{template "t" .a}}', names: ["a"] },
  { source: "{{$x := .a}}{{$x}}", names: ["a"] },
  { source: "{{(fromJson .a).b}}", names: ["a"] },
  { source: "{{.}}", names: undefined },
  { source: "{{$}}", names: undefined },
  { source: "{{range .}}{{.}}{{end}}", names: undefined },
  { source: "{{$x := .}}{{$x.a}}", names: undefined },
  { source: '{{template "t" .}}', names: undefined },
  { source: "{{index . .a}}", names: undefined },
])("labels that $source looks at", ({ source, names }) => {
  expect(compileTemplate("line", source).labelNames).toEqual(names);
});

test.for([
  { source: "{{.a}}", field: "a" },
  { source: "{{- .a -}}", field: "a" },
  { source: "{{$x := .a}}", field: "a" },
  { source: "{{.a}} ", field: undefined },
  { source: "{{.a.b}}", field: undefined },
  { source: "{{.a | lower}}", field: undefined },
  { source: "{{.a}}{{.b}}", field: undefined },
  { source: "{{lower .a}}", field: undefined },
])("whether $source is one label", ({ source, field }) => {
  expect(compileTemplate("line", source).field).toBe(field);
});

test.for([
  { title: "a long range", source: "{{range 1000000000}}{{end}}", message: "template takes too many steps" },
  { title: "ranges in ranges", source: "{{range 99999}}{{range 99999}}x{{end}}{{end}}", message: "too many steps" },
  {
    title: "a template in itself",
    source: '{{define "x"}}a{{template "x"}}{{end}}{{template "x"}}',
    message: "exceeded maximum template depth (100000)",
  },
  {
    title: "templates in two of them",
    source:
      '{{define "x"}}{{if .}}{{template "x" (sub . 1)}}{{template "x" (sub . 1)}}{{end}}{{end}}{{template "x" 60}}',
    message: "too many steps",
  },
  { title: "a long text", source: '{{repeat 1000000000 "x"}}', message: "template output exceeds 10000000 bytes" },
  { title: "a label many times", source: "{{.long}}".repeat(99), message: "template output exceeds" },
  { title: "much output", source: "{{range 100000}}{{__line__}}{{end}}", message: "template output exceeds" },
  { title: "wide fields", source: `{{printf "${"%999999[1]d".repeat(99)}" 1}}`, message: "template output exceeds" },
  { title: "nothing replaced", source: '{{regexReplaceAll "" __line__ (repeat 1000 "y")}}', message: "output exceeds" },
  { title: "JSON in JSON", source: "{{fromJson .deep}}", message: "exceeded maximum depth" },
  {
    title: "a wide map printed often",
    source: "{{$j := fromJson .wide}}{{range 99999}}{{$x := print $j}}{{end}}",
    message: "too many steps",
  },
  {
    title: "a map sorted often",
    source: "{{$j := fromJson .wide}}{{range 9999999}}{{range $j.m}}{{break}}{{end}}{{end}}",
    message: "too many steps",
  },
  { title: "many arguments", source: `{{range 9999}}{{eq 0${" 1".repeat(30_000)}}}{{end}}`, message: "too many steps" },
  {
    title: "many alternatives",
    source: `{{range 9999}}{{or${" 0".repeat(30_000)}}}{{end}}`,
    message: "too many steps",
  },
  {
    title: "many variables",
    source: `{{$a := 1}}${"{{$b := 1}}".repeat(9000)}{{range 199999}}{{$a}}{{end}}`,
    message: "too many steps",
  },
  {
    title: "a long path",
    source: `{{$j := fromJson .nested}}{{range 199999}}{{$x := $j${".a".repeat(999)}}}{{end}}`,
    message: "too many steps",
  },
  { title: "long products", source: `{{mulf ${"1e300 ".repeat(9999)}}}`, message: "decimal out of range" },
])("$title ends", ({ source, message }) => {
  const template = compileTemplate("line", source);
  const context = contextOf(
    {
      deep: "[".repeat(9000) + "]".repeat(9000),
      long: "x".repeat(262_144),
      nested: '{"a":'.repeat(999) + "{}" + "}".repeat(999),
      wide: JSON.stringify({ m: Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, i])) }),
    },
    "x".repeat(262_144),
  );
  expect(() => template.execute(context)).toThrow(
    expect.objectContaining({ name: "TemplateError", message: expect.stringContaining(message) }),
  );
});

test.for([
  { title: "parentheses", source: `{{${"(".repeat(9999)}1${")".repeat(9999)}}}` },
  { title: "blocks", source: "{{if 1}}".repeat(9999) },
  { title: "else ifs", source: `{{if 0}}${"{{else if 0}}".repeat(9999)}{{end}}` },
])("$title in one another are refused", ({ source }) => {
  expect(() => compileTemplate("line", source)).toThrow("max expression depth exceeded");
});

const words = [
  ...functionNames.filter((name) => name !== "now"),
  ..."{{ }} {{- -}} ( ) | := = , . $ $x .a .b.c if else end range with define template block break continue".split(" "),
  ..."nil true 1 -2 2.5 0x1f 1i 'c' `r` text /* */ é".split(" "),
  '"s"',
  '"%d"',
  '"',
  "\n",
];

/** What a template may do: print, or fail in one of two ways. */
function outcomeOf(source: string, context: TemplateContext): string {
  try {
    return compileTemplate("line", source).execute(context);
  } catch (error) {
    if (error instanceof TemplateError || isServiceError(error, "bad_data")) {
      expect(messageOf(error)).toMatch(/^template: /u);
      return "";
    }
    throw error;
  }
}

test("no soup of words does anything else than print or fail", () => {
  const soup = fc.array(fc.constantFrom(...words), { maxLength: 14 });
  const context = contextOf({ a: "x", b: '{"c":[1]}' });
  fc.assert(
    fc.property(soup, fc.boolean(), (parts, inAction) => {
      const text = parts.join(" ");
      expect(outcomeOf(inAction ? `{{${text}}}` : text, context).length).toBeLessThanOrEqual(textLengthMax);
    }),
    { numRuns: 2000 },
  );
});

const anyArgument: fc.Arbitrary<string> = fc.letrec<{ argument: string; call: string }>((tie) => ({
  argument: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(".a", ".b", ".", "$", "nil", "true", "1", "-3", "2.5", '"%v"', '"2006"', "(fromJson .b)"),
    tie("call"),
  ),
  call: fc
    .tuple(
      fc.constantFrom(...functionNames.filter((name) => name !== "now")),
      fc.array(tie("argument"), { maxLength: 4 }),
    )
    .map(([name, given]) => `(${[name, ...given].join(" ")})`),
})).argument;

test("no call on hostile labels does anything else than print or fail", () => {
  const text = fc.string({ unit: "binary", maxLength: 40 });
  fc.assert(
    fc.property(anyArgument, text, text, (argument, a, line) => {
      const context = contextOf({ a, b: '{"c":[1,null,{"d":"e"}],"f":1e300}' }, line);
      const printed = outcomeOf(`{{${argument}}}{{range ${argument}}}{{.}}{{end}}`, context);
      expect(printed.isWellFormed()).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test("a text of labels and words prints them as they are", () => {
  const label = fc.string({ unit: "grapheme", maxLength: 20 });
  fc.assert(
    fc.property(label, label, (a, b) => {
      expect(compileTemplate("line", "<{{.a}}|{{ .b -}} >").execute(contextOf({ a, b }))).toBe(`<${a}|${b}>`);
      expect(compileTemplate("line", "{{$x := .a}}{{$x}}{{slice .b 0}}").execute(contextOf({ a, b }))).toBe(a + b);
    }),
  );
});

test("bytes cut apart print as U+FFFD, and as before when they come together", () => {
  const context = contextOf({ a: "aé€😀" });
  expect(compileTemplate("line", "{{slice .a 0 2}}").execute(context)).toBe("a\ufffd");
  expect(compileTemplate("line", "{{slice .a 0 7}}{{slice .a 7}}").execute(context)).toBe("aé€😀");
  expect(compileTemplate("line", "{{slice .a 0 4 | b64enc}}").execute(context)).toBe("YcOp4g==");
});
