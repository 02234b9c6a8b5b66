import type { LineFormatNode } from "../../syntax/index.ts";
import { compileFormat } from "../format-template.ts";
import type { Stage } from "../line.ts";

/**
 * `| line_format "template"`: makes another line. Where the template fails, the line stays and gets
 * `__error__="TemplateFormatErr"`.
 */
export function compileLineFormat({ template }: LineFormatNode): Stage {
  const { simpleName, execute } = compileFormat(template, "line");
  if (simpleName !== undefined) {
    return (line) => {
      line.text = line.labels.get(simpleName) ?? "";
      return true;
    };
  }
  return (line) => {
    const result = execute(line, undefined);
    if (result !== undefined) {
      line.text = result;
    }
    return true;
  };
}

/** Names of the labels that a template reads. */
export function namesInTemplate(template: string): readonly string[] {
  return compileFormat(template, "line").names;
}
