import { compileTemplate, type TemplateContext } from "../template/template.ts";
import { TemplateError } from "../template/template-error.ts";
import type { Line } from "./line.ts";

/** A template of `line_format` or `label_format`, as a stage uses it. */
export interface FormatTemplate {
  /** Names of labels that it reads, as far as they are in it. */
  readonly names: readonly string[];
  /** The label that it is, when it is nothing but `{{.label}}`. */
  readonly simpleName: string | undefined;
  /**
   * The text that the template makes of a line; undefined when it fails, and the line got its error.
   *
   * @param snapshot the labels, when they are not those that the line has now.
   */
  readonly execute: (line: Line, snapshot: LabelSnapshot | undefined) => string | undefined;
}

/** Labels as they were. */
export type LabelSnapshot = ReadonlyMap<string, string>;

/** @throws {ServiceError} `bad_data` with the text of Go's parser. */
export function compileFormat(source: string, kind: "line" | "label"): FormatTemplate {
  const template = compileTemplate(kind, source);
  const context = new LineContext();
  return {
    names: template.labelNames ?? [],
    simpleName: template.field,
    execute(line, snapshot) {
      context.begin(line, snapshot);
      try {
        return template.execute(context);
      } catch (error) {
        if (!(error instanceof TemplateError)) {
          throw error;
        }
        line.labels.error = "TemplateFormatErr";
        line.labels.errorDetails = error.message;
        return undefined;
      }
    },
  };
}

/** What a template sees of a line. One object serves all lines. */
class LineContext implements TemplateContext {
  #line: Line | undefined;
  #snapshot: LabelSnapshot | undefined;

  begin(line: Line, snapshot: LabelSnapshot | undefined): void {
    this.#line = line;
    this.#snapshot = snapshot;
  }

  label(name: string): string | undefined {
    return this.#snapshot === undefined ? this.#line!.labels.valueInResult(name) : this.#snapshot.get(name);
  }

  labels(): Iterable<readonly [string, string]> {
    return this.#snapshot ?? snapshotOf(this.#line!);
  }

  get line(): string {
    return this.#line!.text;
  }

  get timestampNs(): bigint {
    return this.#line!.timestampNs;
  }
}

/** The labels of a line as they are now, errors included. */
export function snapshotOf({ labels }: Line): LabelSnapshot {
  return new Map(labels.pairs().map(({ name, value }) => [name, value]));
}
