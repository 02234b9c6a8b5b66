import type { Execution } from "../execution.ts";
import { isByteCharacter } from "../go-string.ts";
import { sprint, sprintf, sprintln } from "../print/printf.ts";
import { isPrintable } from "../print/quote.ts";
import type { Value } from "../values.ts";
import { escapeQuery } from "./encoding.ts";
import { type FunctionTable, variadic } from "./function.ts";

/** What Go's `text/template` has for printing and escaping. */
export const printingFunctions: FunctionTable = {
  print: variadic([], "interface {}", (_, values, execution) => counted(execution, values, sprint(values))),
  println: variadic([], "interface {}", (_, values, execution) => counted(execution, values, sprintln(values))),
  printf: variadic(["string"], "interface {}", ([format], values, execution) =>
    counted(execution, values, sprintf(format, values)),
  ),
  html: variadic([], "interface {}", (_, values, execution) => escapeHtml(textOfArguments(values, execution))),
  js: variadic([], "interface {}", (_, values, execution) => escapeJavaScript(textOfArguments(values, execution))),
  urlquery: variadic([], "interface {}", (_, values, execution) => escapeQuery(textOfArguments(values, execution))),
};

/** Maps and lists take far longer to print than texts. */
function counted(execution: Execution, values: readonly Value[], text: string): string {
  if (values.some((value) => typeof value === "object")) {
    execution.spend(text.length);
  }
  return text;
}

function textOfArguments(values: readonly Value[], execution: Execution): string {
  // No value prints as one does in an action.
  const text = sprint(values.map((value) => value ?? "<no value>"));
  return counted(execution, values, text);
}

const htmlEscapes: Readonly<Record<string, string>> = {
  "\0": "\ufffd",
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
};

function escapeHtml(text: string): string {
  // oxlint-disable-next-line no-control-regex -- NUL is escaped too
  return text.replace(/[\0"'&<>]/gu, (character) => htmlEscapes[character]!);
}

const javaScriptEscapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "'": "\\'",
  '"': '\\"',
  "<": "\\u003C",
  ">": "\\u003E",
  "&": "\\u0026",
  "=": "\\u003D",
};

function escapeJavaScript(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are escaped
  return text.replace(/[\\'"<>&=\0-\x1f]|[^\0-\x7f]/gu, (character) => {
    const code = character.codePointAt(0)!;
    const printable = code >= 0x80 && isPrintable(character);
    return javaScriptEscapes[character] ?? (printable ? character : unicodeEscape(character, code));
  });
}

function unicodeEscape(character: string, code: number): string {
  // A byte that is no UTF-8 reads as U+FFFD.
  const shown = isByteCharacter(character) ? 0xfffd : code;
  return `\\u${shown.toString(16).toUpperCase().padStart(4, "0")}`;
}
