import type { LabelFormat, LabelFormatNode } from "../../syntax/index.ts";
import { compileFormat, snapshotOf, type LabelSnapshot } from "../format-template.ts";
import type { Line, Stage } from "../line.ts";

/**
 * `| label_format to=from, name="template"`: moves labels and makes new ones, from left to right. All templates of one
 * stage see the labels as they were at the first one. Where a template fails, the line gets
 * `__error__="TemplateFormatErr"`, and the other formats go on.
 */
export function compileLabelFormat({ formats }: LabelFormatNode): Stage {
  const steps = formats.map(compileStep);
  const hasSnapshot = formats.filter(({ kind }) => kind === "template").length > 1;
  return (line) => {
    let snapshot: LabelSnapshot | undefined;
    for (const step of steps) {
      if (hasSnapshot && step.isTemplate && (snapshot === undefined || snapshot.size === 0)) {
        snapshot = snapshotOf(line);
      }
      step.run(line, snapshot);
    }
    return true;
  };
}

/** Names of the labels that the formats read. */
export function namesInFormats(formats: readonly LabelFormat[]): readonly string[] {
  return formats.flatMap((format) =>
    format.kind === "rename" ? [format.from] : compileFormat(format.template, "label").names,
  );
}

interface Step {
  readonly isTemplate: boolean;
  readonly run: (line: Line, snapshot: LabelSnapshot | undefined) => void;
}

function compileStep(format: LabelFormat): Step {
  const { name } = format;
  if (format.kind === "rename") {
    const { from } = format;
    return {
      isTemplate: false,
      run({ labels }) {
        const value = labels.get(from);
        if (value !== undefined) {
          labels.setParsed(name, value);
          labels.delete(from);
        }
      },
    };
  }
  const { execute } = compileFormat(format.template, "label");
  return {
    isTemplate: true,
    run(line, snapshot) {
      const value = execute(line, snapshot);
      if (value !== undefined) {
        line.labels.setParsed(name, value);
      }
    },
  };
}
