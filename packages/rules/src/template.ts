import { labelValue, ServiceError, type Labels } from "@sluice/model";
import { printValue } from "./value.ts";

/** A parsed template: text, and places where a label or the value goes. */
export type Template = readonly TemplatePart[];

export type TemplatePart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "label"; readonly name: string }
  | { readonly type: "value" };

/**
 * Parses the part of Go's template language that labels and annotations of rules need most: `{{ $labels.name }}` (or
 * `{{ .Labels.name }}`) and `{{ $value }}` (or `{{ .Value }}`), with `{{-` and `-}}` eating the white space beside them.
 *
 * @throws {ServiceError} `bad_data` for every other action, so that a rule says it when it is loaded and not at night.
 */
export function parseTemplate(text: string): Template {
  const parts: TemplatePart[] = [];
  let offset = 0;
  let trimNext = false;
  const pushText = (raw: string, trimEnd: boolean): void => {
    const started = trimNext ? raw.trimStart() : raw;
    const trimmed = trimEnd ? started.trimEnd() : started;
    if (trimmed !== "") {
      parts.push({ type: "text", text: trimmed });
    }
  };
  for (;;) {
    const open = text.indexOf("{{", offset);
    if (open === -1) {
      pushText(text.slice(offset), false);
      return parts;
    }
    const close = text.indexOf("}}", open);
    if (close === -1) {
      throw new ServiceError("bad_data", `unclosed action in template: ${JSON.stringify(text.slice(open))}`);
    }
    const inner = text.slice(open + 2, close);
    const trimsBefore = /^-\s/u.test(inner);
    const trimsAfter = /\s-$/u.test(inner);
    pushText(text.slice(offset, open), trimsBefore);
    parts.push(parseAction(inner.slice(trimsBefore ? 1 : 0, trimsAfter ? -1 : undefined).trim()));
    trimNext = trimsAfter;
    offset = close + 2;
  }
}

/** Puts an alert into a template; a label that it does not have is empty. */
export function expandTemplate(template: Template, labels: Labels, value: number): string {
  let out = "";
  for (const part of template) {
    out += part.type === "text" ? part.text : part.type === "label" ? labelValue(labels, part.name) : printValue(value);
  }
  return out;
}

function parseAction(action: string): TemplatePart {
  if (action === "$value" || action === ".Value") {
    return { type: "value" };
  }
  const name = /^(?:\$labels|\.Labels)\.([a-zA-Z_][a-zA-Z0-9_]*)$/u.exec(action)?.[1];
  if (name === undefined) {
    throw new ServiceError(
      "bad_data",
      `unsupported template action {{ ${action} }}: use {{ $labels.name }} or {{ $value }}`,
    );
  }
  return { type: "label", name };
}
