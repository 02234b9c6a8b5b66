import { parseJsonPath, type JsonExpressionsNode } from "../../syntax/index.ts";
import { labelValueOfJson } from "../json-escape.ts";
import { JsonPathReader } from "../json-path-reader.ts";
import type { JsonValue } from "../json-reader.ts";
import { duplicateSuffix } from "../line-labels.ts";
import { Line, type Stage } from "../line.ts";
import { failParsing, isSatisfied, type ParserHints } from "../parser-hints.ts";

/**
 * `| json label="path", label`: only the labels that are named; an object or array is its JSON text. A label whose path
 * leads nowhere is empty. A line that begins with no JSON gets `__error__="JSONParserErr"`.
 */
export function compileJsonExpressions({ extractions }: JsonExpressionsNode, hints: ParserHints): Stage {
  const names = extractions.map(({ name }) => name);
  let current = new Line();
  let count = 0;
  const reader = new JsonPathReader(
    extractions.map(({ path }) => parseJsonPath(path).map(stepText)),
    (path, value, error) => {
      const { labels, text } = current;
      if (error !== undefined) {
        failParsing(labels, "JSONParserErr", error, hints);
        return;
      }
      const name = names[path]!;
      labels.setParsed(labels.isTaken(name) ? name + duplicateSuffix : name, valueOf(value, text));
      count += 1;
    },
  );
  return (line) => {
    const { labels, text } = line;
    if (text === "" || isSatisfied(hints, labels)) {
      return true;
    }
    if (!/^["{[]/u.test(text)) {
      failParsing(labels, "JSONParserErr", undefined, hints);
      return true;
    }
    current = line;
    count = 0;
    reader.read(text);
    if (count < names.length) {
      for (const name of names) {
        if (labels.get(name) === undefined) {
          labels.setParsed(name, "");
        }
      }
    }
    return true;
  };
}

function stepText(step: string | number): string {
  return typeof step === "number" ? `[${step}]` : step;
}

function valueOf(value: JsonValue, text: string): string {
  const source = value.source(text);
  switch (value.kind) {
    case "null":
      return "";
    case "object":
      return source;
    default:
      return labelValueOfJson(source);
  }
}
