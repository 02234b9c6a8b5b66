import { labelValue, type LabelPair, type Labels } from "@sluice/model";

export const errorLabel = "__error__";
export const errorDetailsLabel = "__error_details__";
/** Marks an error that the query asked to see: it does not fail a metric query. */
export const preserveErrorLabel = "__preserve_error__";

/** Added to a name that a label of the stream or of the metadata already has. */
const duplicateSuffix = "_extracted";

/** Labels of a line by where they come from: stream, structured metadata, parsers. Names are unique over all three. */
export interface CategorisedLabels {
  readonly stream: Labels;
  readonly metadata: Labels;
  readonly parsed: Labels;
}

/**
 * The labels of the line in work. Later categories win over earlier ones: stream, structured metadata, parsed. One
 * object serves all lines of a query.
 */
export class LineLabels {
  /** The name of the first error that a stage met; empty when there was none. */
  error = "";
  errorDetails = "";
  #stream: Labels = [];
  #metadata: readonly LabelPair[] = [];
  readonly #parsed = new Map<string, string>();

  reset(stream: Labels, metadata: Labels): void {
    this.error = "";
    this.errorDetails = "";
    this.#stream = stream;
    this.#parsed.clear();
    this.#metadata = metadata.length === 0 ? metadata : this.#admit(metadata);
  }

  #admit(metadata: Labels): readonly LabelPair[] {
    const admitted = new Map<string, LabelPair>();
    for (const { name, value } of metadata) {
      if (name === errorLabel) {
        this.error = value;
      } else if (name === errorDetailsLabel) {
        this.errorDetails = value;
      } else {
        const unique = hasLabel(this.#stream, name) ? name + duplicateSuffix : name;
        admitted.set(unique, { name: unique, value });
      }
    }
    return [...admitted.values()];
  }

  /** The label's value; undefined when the line has no such label (an empty stream label is none). */
  get(name: string): string | undefined {
    const parsed = this.#parsed.get(name);
    if (parsed !== undefined) {
      return parsed;
    }
    for (const pair of this.#metadata) {
      if (pair.name === name) {
        return pair.value;
      }
    }
    const value = labelValue(this.#stream, name);
    return value === "" ? undefined : value;
  }

  isParsed(name: string): boolean {
    return this.#parsed.has(name);
  }

  /** The name under which a parser has to keep a field, so that it hides no label of the stream or the metadata. */
  uniqueName(name: string): string {
    return hasLabel(this.#stream, name) || hasLabel(this.#metadata, name) ? name + duplicateSuffix : name;
  }

  setParsed(name: string, value: string): void {
    if (hasLabel(this.#metadata, name)) {
      this.#metadata = this.#metadata.filter((pair) => pair.name !== name);
    }
    this.#parsed.set(name, value);
  }

  /** Keeps the first error: what went wrong later is mostly its consequence. */
  setFirstError(error: string, details: string): void {
    if (this.error === "") {
      this.error = error;
      this.errorDetails = details;
    }
  }

  categorised(): CategorisedLabels {
    const named = new Map(this.#parsed);
    // A field of the line may have such a name; what a stage reports takes its place.
    if (this.error !== "") {
      named.set(errorLabel, this.error);
    }
    if (this.errorDetails !== "") {
      named.set(errorDetailsLabel, this.errorDetails);
    }
    const parsed = Array.from(named, ([name, value]) => ({ name, value }));
    return {
      stream: without(this.#stream, (name) => this.#parsed.has(name) || hasLabel(this.#metadata, name)),
      metadata: sorted(this.#metadata),
      parsed: sorted(parsed),
    };
  }

  /** All labels, errors included, as one set. */
  all(): Labels {
    const { stream, metadata, parsed } = this.categorised();
    return metadata.length === 0 && parsed.length === 0 ? stream : sorted([...stream, ...metadata, ...parsed]);
  }
}

function hasLabel(labels: readonly LabelPair[], name: string): boolean {
  for (const pair of labels) {
    if (pair.name === name) {
      return true;
    }
  }
  return false;
}

function without(labels: Labels, isHidden: (name: string) => boolean): Labels {
  return labels.some(({ name }) => isHidden(name)) ? labels.filter(({ name }) => !isHidden(name)) : labels;
}

function sorted(labels: readonly LabelPair[]): Labels {
  return labels.length < 2 ? labels : labels.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
