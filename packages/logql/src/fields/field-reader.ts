import { type Labels, type ResultEntry } from "@sluice/model";
import { errorDetailsLabel, errorLabel, preserveErrorLabel } from "../log/line-labels.ts";
import { Line } from "../log/line.ts";
import { everyLabel } from "../log/parser-hints.ts";
import { compileJson } from "../log/stages/json.ts";
import { compileLogfmt } from "../log/stages/logfmt.ts";

export type FieldParser = "json" | "logfmt";

/** What a line holds, beside what its stream and its metadata say. */
export interface LineFields {
  /** By which parser the line was read; undefined when by none. */
  readonly parser: FieldParser | undefined;
  /** The values of each field: one of the line, and perhaps another one that the query's stages made. */
  readonly values: ReadonlyMap<string, ReadonlySet<string>>;
}

const noMetadata: Labels = [];
const reserved = new Set([errorLabel, errorDetailsLabel, preserveErrorLabel]);

/** Reads the fields of lines as JSON, or else as logfmt. */
export class FieldReader {
  readonly #line = new Line();
  readonly #json = compileJson(everyLabel);
  readonly #logfmt = compileLogfmt({ kind: "logfmt", strict: false, keepEmpty: false }, everyLabel);

  /** @param stream the labels of the line's stream. */
  read(stream: Labels, { line: text, parsed }: ResultEntry): LineFields {
    const values = new Map<string, Set<string>>();
    const add = (name: string, value: string): void => {
      if (!reserved.has(name)) {
        values.set(name, (values.get(name) ?? new Set()).add(value));
      }
    };
    for (const { name, value } of parsed) {
      add(name, value);
    }
    const parser = this.#parse(stream, text);
    if (parser !== undefined) {
      for (const { name, value } of this.#line.labels.categorised().parsed) {
        add(name, value);
      }
    }
    return { parser, values };
  }

  #parse(stream: Labels, text: string): FieldParser | undefined {
    const line = this.#line;
    for (const [parser, stage] of [
      ["json", this.#json],
      ["logfmt", this.#logfmt],
    ] as const) {
      line.text = text;
      line.labels.reset(stream, noMetadata);
      if (stage(line) && line.labels.error === "") {
        return parser;
      }
    }
    return undefined;
  }
}
