import { createSanitizer } from "./label-name.ts";
import { preserveErrorLabel, type LineLabels } from "./line-labels.ts";
import type { Line, Stage } from "./line.ts";
import { unescapeJson, walkObject, type JsonField, type WalkEnd } from "./json-walk.ts";
import { isRequired, isRequiredPrefix, isSatisfied, type ParserHints } from "./parser-hints.ts";

/** Deeper objects are an error: reading them would take time that grows with the square of the line. */
const depthMax = 64;

/**
 * `| json`: a label for every field of the line's object. Nested objects are flattened with `_`, arrays and null left
 * out, numbers kept as they are written. The first of two fields with one name wins. A line that is no object stays and
 * gets `__error__="JSONParserErr"`.
 */
export function compileJson(hints: ParserHints): Stage {
  const sanitize = createSanitizer();
  return (line) => {
    if (isSatisfied(hints, line.labels)) {
      return true;
    }
    const ended = flatten(line, "", 0, line.text.length, 1);
    if (ended !== undefined && ended !== "stop") {
      failParsing(line.labels, "JSONParserErr", ended.error, hints);
    }
    return true;
  };

  function flatten(line: Line, prefix: string, start: number, end: number, depth: number): WalkEnd {
    if (depth > depthMax) {
      return { error: `objects are nested deeper than ${depthMax}` };
    }
    return walkObject(line.text, start, end, (field) => {
      const name = nameOf(prefix, field.key);
      if (field.kind === "object") {
        return isRequiredPrefix(hints, name) ? flatten(line, name, field.start, field.end, depth + 1) : undefined;
      }
      if (field.kind !== "array" && field.kind !== "null") {
        // An empty key inside an object leaves the object's own name; at the top it leaves nothing.
        keep(line, name, field);
      }
      return isSatisfied(hints, line.labels) ? "stop" : undefined;
    });
  }

  function nameOf(prefix: string, key: string): string {
    const name = prefix === "" ? sanitize(key) : sanitize(`_${key.trim()}`).slice(1);
    return prefix === "" || name === "" ? prefix + name : `${prefix}_${name}`;
  }

  function keep({ labels, text }: Line, name: string, field: JsonField): void {
    if (name === "") {
      return;
    }
    const unique = labels.uniqueName(name);
    if (isRequired(hints, unique) && !labels.isParsed(unique)) {
      labels.setParsed(unique, valueOf(text, field));
    }
  }
}

function valueOf(text: string, { kind, start, end }: JsonField): string {
  const source = text.slice(start, end);
  return kind === "string" ? replaceInvalid(unescapeJson(source) ?? "") : source;
}

/** Prometheus refuses U+FFFD in a label, so that Loki puts a space there. */
export function replaceInvalid(value: string): string {
  return value.includes("\ufffd") ? value.replaceAll("\ufffd", " ") : value;
}

/** Marks a line that a parser could not read. */
export function failParsing(labels: LineLabels, error: string, details: string, hints: ParserHints): void {
  labels.error = error;
  labels.errorDetails = details;
  if (hints.preserveError) {
    labels.setParsed(preserveErrorLabel, "true");
  }
}
