import { compileTrees, type Run } from "./compile-template.ts";
import { Execution, type TemplateContext } from "./execution.ts";
import { functionNamed } from "./functions/table.ts";
import { wellFormed } from "./go-string.ts";
import { labelNamesOf } from "./label-names.ts";
import { textLengthMax, tooLong } from "./limits.ts";
import type { ListNode } from "./nodes.ts";
import { parseTemplate } from "./parser.ts";
import { TemplateError } from "./template-error.ts";
import { LabelMap } from "./values.ts";

export type { TemplateContext } from "./execution.ts";

/** A compiled template of `line_format` or `label_format`: Go's `text/template` with Loki's functions. */
export interface Template {
  /**
   * What the template prints for a line.
   *
   * @throws {TemplateError} with Go's text; Loki then sets `__error__` to `TemplateFormatErr` and keeps the line.
   */
  execute(context: TemplateContext): string;
  /** The labels that the template looks at, or undefined when it looks at all. */
  readonly labelNames: readonly string[] | undefined;
  /**
   * The label, when the template is nothing but `{{.label}}`. `line_format` prints it without executing the template,
   * even if that assigns the label to a variable, as in Loki.
   */
  readonly field: string | undefined;
}

/**
 * Compiles a template.
 *
 * @param name what Loki calls templates of the stage; it is part of messages.
 * @throws {ServiceError} `bad_data` with Go's text, `template: line:1: unclosed action`.
 */
export function compileTemplate(name: "line" | "label", source: string): Template {
  const trees = parseTemplate(name, source, (word) => functionNamed(word) !== undefined);
  const main = trees.get(name)!;
  const run = compileTrees(trees).get(name)!;
  return {
    execute: executeSimply(name, main) ?? ((context) => execute(run, { name, text: source }, context)),
    labelNames: labelNamesOf(main),
    field: fieldOf(main),
  };
}

function execute(run: Run, source: { readonly name: string; readonly text: string }, context: TemplateContext): string {
  const labels = new LabelMap(
    (label) => context.label(label),
    () => context.labels(),
  );
  const execution = new Execution(context, source, labels);
  try {
    run(execution, labels);
  } catch (error) {
    if (error instanceof RangeError) {
      // The stack of calls is full: templates in one another, or JSON.
      throw new TemplateError(`template: ${source.name}: exceeded maximum depth`, { cause: error });
    }
    throw error;
  }
  return wellFormed(execution.output);
}

/** Most templates are text and labels only; these need no execution. */
function executeSimply(name: string, main: ListNode): Template["execute"] | undefined {
  const parts: { text: string; label: string | undefined }[] = [];
  for (const node of main.nodes) {
    const label =
      node.kind === "action" && node.pipe.declarations.length === 0 ? fieldOf({ ...main, nodes: [node] }) : undefined;
    if (node.kind !== "text" && label === undefined) {
      return undefined;
    }
    parts.push({ text: node.kind === "text" ? node.text : "", label });
  }
  return (context) => {
    let output = "";
    for (const { text, label } of parts) {
      output += label === undefined ? text : (context.label(label) ?? "");
      if (output.length > textLengthMax) {
        throw new TemplateError(`template: ${name}: ${tooLong}`);
      }
    }
    return output;
  };
}

function fieldOf(main: ListNode): string | undefined {
  const [node, second] = main.nodes;
  if (node?.kind !== "action" || second !== undefined) {
    return undefined;
  }
  const [command, next] = node.pipe.commands;
  const [operand, more] = command!.operands;
  const isField = next === undefined && more === undefined && operand?.kind === "field" && operand.names.length === 1;
  return isField ? operand.names[0] : undefined;
}
