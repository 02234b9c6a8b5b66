import { templateFunctionNames } from "../template-functions.ts";
import type { CompletionItem } from "./completion-item.ts";

/** What is written of a word between `{{` and the end of a part of a template, or undefined outside. */
export function wordOfAction(template: string): string | undefined {
  const action = template.slice(template.lastIndexOf("{{") + 2);
  return template.includes("{{") && !action.includes("}}") ? /\.?\w*$/u.exec(action)![0] : undefined;
}

/** A field of the line, or the functions that begin so. */
export function itemsOfAction(word: string): readonly CompletionItem[] {
  return word.startsWith(".")
    ? [{ kind: "field" }]
    : [{ kind: "field" }, ...templateFunctionNames.map((text): CompletionItem => ({ kind: "function", text }))];
}
