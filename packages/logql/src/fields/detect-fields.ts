import { labelValue, type LabelPair, type ResultStream } from "@sluice/model";
import { FieldReader, type FieldParser } from "./field-reader.ts";
import { fieldTypeOf, queryValueOf, type FieldType } from "./field-type.ts";
import { JsonPaths } from "./json-paths.ts";

/** A field that lines have: of their structured metadata, of their content, or made by the query. */
export interface DetectedField {
  readonly label: string;
  /** By the value that was seen last. */
  readonly type: FieldType;
  /** How many different values were seen. */
  readonly cardinality: number;
  /** What reads it from the line; empty when it is metadata. */
  readonly parsers: readonly FieldParser[];
  /** The keys that lead to it in a line of JSON. */
  readonly jsonPath: readonly string[] | undefined;
}

/**
 * The fields of some lines, which a query chose, in the order in which they are met.
 *
 * @param fieldsMax how many fields are told; of more those that are met first.
 * @see Loki's pkg/querier/queryrange/detected_fields.go
 */
export function detectFields(streams: readonly ResultStream[], fieldsMax: number): readonly DetectedField[] {
  const fields = new Map<string, SeenField>();
  const reader = new FieldReader();
  const paths = new JsonPaths();
  const fieldOf = (name: string): SeenField | undefined => {
    let field = fields.get(name);
    if (field === undefined && fields.size < fieldsMax) {
      field = new SeenField();
      fields.set(name, field);
    }
    return field;
  };
  for (const { labels, entries } of streams) {
    const isTaken = (name: string): boolean => labelValue(labels, name) !== "";
    for (const entry of entries) {
      for (const { name, value } of entry.metadata) {
        fieldOf(name)?.add([value], undefined);
      }
      const { parser, values } = reader.read(labels, entry);
      const withoutPath = new Set<string>();
      for (const [name, seen] of values) {
        const field = fieldOf(name);
        field?.add(seen, parser);
        if (parser === "json" && field !== undefined && field.jsonPath === undefined) {
          withoutPath.add(name);
        }
      }
      if (withoutPath.size > 0) {
        for (const [name, path] of paths.of(entry.line, withoutPath, isTaken)) {
          fields.get(name)!.jsonPath = path;
        }
      }
    }
  }
  return [...fields].map(([label, field]) => field.told(label));
}

/** The different values of one field in some lines; sizes in the form that queries can compare with. */
export function detectFieldValues(
  streams: readonly ResultStream[],
  name: string,
  valuesMax: number,
): readonly string[] {
  const found = new Set<string>();
  const reader = new FieldReader();
  for (const { labels, entries } of streams) {
    for (const entry of entries) {
      if (found.size >= valuesMax) {
        return [...found].slice(0, valuesMax);
      }
      for (const pair of entry.metadata.filter((one: LabelPair) => one.name === name)) {
        found.add(pair.value);
      }
      for (const value of reader.read(labels, entry).values.get(name) ?? []) {
        found.add(queryValueOf(value));
      }
    }
  }
  return [...found].slice(0, valuesMax);
}

class SeenField {
  jsonPath: readonly string[] | undefined;
  readonly #parsers = new Set<FieldParser>();
  readonly #values = new Set<string>();
  #last = "";

  add(values: Iterable<string>, parser: FieldParser | undefined): void {
    for (const value of values) {
      this.#values.add(value);
      this.#last = value;
    }
    if (parser !== undefined) {
      this.#parsers.add(parser);
    }
  }

  told(label: string): DetectedField {
    return {
      label,
      type: fieldTypeOf(this.#last),
      cardinality: this.#values.size,
      parsers: [...this.#parsers],
      jsonPath: this.jsonPath,
    };
  }
}
