import type { LabelPair, Labels } from "@sluice/model";

export const errorLabel = "__error__";
export const errorDetailsLabel = "__error_details__";
/** Marks an error that the query asked to see: it does not fail a metric query. */
export const preserveErrorLabel = "__preserve_error__";

/** Added to a name that a label of the stream or of the metadata already has. */
export const duplicateSuffix = "_extracted";

/** Labels of a line by where they come from: stream, structured metadata, parsers. Names are unique over all three. */
export interface CategorisedLabels {
  readonly stream: Labels;
  readonly metadata: Labels;
  readonly parsed: Labels;
}

/** With more parsed labels than these, looking through all of them takes longer than a map. */
const scannedMax = 24;

/**
 * The labels of the line in work. Later categories win over earlier ones: stream, structured metadata, parsed. One
 * object serves all lines of a query.
 *
 * It follows Loki's `LabelsBuilder` (grafana/loki pkg/logql/log/labels.go).
 */
export class LineLabels {
  /** The name of the last error that a stage met; empty when there was none. */
  error = "";
  errorDetails = "";
  #stream: Labels = [];
  readonly #streamNames = new Set<string>();
  #metadata: readonly LabelPair[] = [];
  /** Whether a name of the metadata got a suffix, and so may be one that the stream has. */
  #isSuffixed = false;
  /** Names that a stage took away. The stream's label of such a name is hidden, but counts for collisions. */
  readonly #deleted = new Set<string>();
  /** The parsed labels, by the order in which they were made; undefined stands for one that was taken away. */
  readonly #names: string[] = [];
  readonly #values: (string | undefined)[] = [];
  #count = 0;
  /** How many of them are not taken away. */
  #parsedCount = 0;
  readonly #places = new Map<string, number>();

  reset(stream: Labels, metadata: Labels): void {
    this.error = "";
    this.errorDetails = "";
    this.#count = 0;
    this.#parsedCount = 0;
    if (this.#deleted.size > 0) {
      this.#deleted.clear();
    }
    if (this.#places.size > 0) {
      this.#places.clear();
    }
    if (stream !== this.#stream) {
      this.#stream = stream;
      this.#streamNames.clear();
      for (const { name } of stream) {
        this.#streamNames.add(name);
      }
    }
    this.#isSuffixed = !this.#isPlain(metadata);
    this.#metadata = this.#isSuffixed ? this.#admit(metadata) : metadata;
  }

  /** Whether the metadata has no name that the stream has, and no error. */
  #isPlain(metadata: Labels): boolean {
    for (const { name } of metadata) {
      if (name === errorLabel || name === errorDetailsLabel || this.#streamNames.has(name)) {
        return false;
      }
    }
    return true;
  }

  #admit(metadata: Labels): readonly LabelPair[] {
    const admitted = new Map<string, LabelPair>();
    for (const { name, value } of metadata) {
      const unique = this.#streamNames.has(name) ? name + duplicateSuffix : name;
      if (unique === errorLabel) {
        this.error = value;
      } else if (unique === errorDetailsLabel) {
        this.errorDetails = value;
      } else {
        admitted.set(unique, { name: unique, value });
      }
    }
    return [...admitted.values()];
  }

  /** The label's value; undefined when the line has no such label (an empty stream label is none). */
  get(name: string): string | undefined {
    const place = this.#placeOf(name);
    const parsed = place === -1 ? undefined : this.#values[place];
    if (parsed !== undefined) {
      return parsed;
    }
    for (const pair of this.#metadata) {
      if (pair.name === name) {
        return pair.value;
      }
    }
    return this.#streamValue(name);
  }

  /** The value that the label will have in the result: unlike for filters, what a stage reports is a label, too. */
  valueInResult(name: string): string | undefined {
    const reported = this.#isChanged() ? this.#reported(name) : "";
    return reported === "" ? this.get(name) : reported;
  }

  #reported(name: string): string {
    return name === errorLabel ? this.error : name === errorDetailsLabel ? this.errorDetails : "";
  }

  #streamValue(name: string): string | undefined {
    if (!this.#streamNames.has(name) || this.#deleted.has(name)) {
      return undefined;
    }
    const value = this.#stream.find((pair) => pair.name === name)!.value;
    return value === "" ? undefined : value;
  }

  /** Whether a stage made a label of this name, be it taken away again: parsers do not make it a second time. */
  isExtracted(name: string): boolean {
    return this.#placeOf(name) !== -1;
  }

  /** How many names {@link isExtracted} is true for. */
  get extractedCount(): number {
    return this.#count;
  }

  /** Whether a label of the stream or the metadata has the name, so that a parser must add a suffix. */
  isTaken(name: string): boolean {
    return this.#streamNames.has(name) || hasLabel(this.#metadata, name);
  }

  /** The name under which a parser has to keep a field, so that it hides no label of the stream or the metadata. */
  uniqueName(name: string): string {
    return this.isTaken(name) ? name + duplicateSuffix : name;
  }

  /** Makes a label that is not {@link isExtracted} yet. */
  addParsed(name: string, value: string): void {
    this.#deleteMetadata(name);
    const place = this.#count++;
    this.#names[place] = name;
    this.#values[place] = value;
    this.#parsedCount += 1;
    if (place >= scannedMax) {
      this.#index(place);
    }
  }

  setParsed(name: string, value: string): void {
    const place = this.#placeOf(name);
    if (place === -1) {
      this.addParsed(name, value);
      return;
    }
    this.#deleteMetadata(name);
    if (this.#values[place] === undefined) {
      this.#parsedCount += 1;
    }
    this.#values[place] = value;
  }

  /** Takes the label away, whatever its category. */
  delete(name: string): void {
    this.#deleteMetadata(name);
    const place = this.#placeOf(name);
    if (place !== -1 && this.#values[place] !== undefined) {
      this.#values[place] = undefined;
      this.#parsedCount -= 1;
    }
    this.#deleted.add(name);
  }

  /** {@link delete | Deletes} all labels but those that are to be kept. */
  retain(isKept: (name: string, value: string) => boolean): void {
    for (const pair of this.#stream) {
      if (this.#isVisible(pair) && !isKept(pair.name, pair.value)) {
        this.#deleted.add(pair.name);
      }
    }
    for (const { name, value } of this.#metadata) {
      if (!isKept(name, value)) {
        this.delete(name);
      }
    }
    for (let i = 0; i < this.#count; i++) {
      const name = this.#names[i]!;
      const value = this.#values[i];
      if (value !== undefined && !isKept(name, value)) {
        this.#values[i] = undefined;
        this.#parsedCount -= 1;
        this.#deleted.add(name);
      }
    }
  }

  /** Whether {@link delete} was called for it: a series that is grouped by such a name goes without it. */
  isDeleted(name: string): boolean {
    return this.#deleted.has(name);
  }

  /** Keeps the first error: what went wrong later is mostly its consequence. */
  setFirstError(error: string, details: string): void {
    if (this.error === "") {
      this.error = error;
      this.errorDetails = details;
    }
  }

  categorised(): CategorisedLabels {
    if (!this.#isChanged() || this.#areStreams()) {
      return { stream: this.#stream, metadata: noPairs, parsed: noPairs };
    }
    return { stream: this.#visibleStream(), metadata: sorted(this.#metadata), parsed: sorted(this.#parsed()) };
  }

  /** All labels, errors included, as one set. */
  all(): Labels {
    const { stream, metadata, parsed } = this.categorised();
    return metadata.length === 0 && parsed.length === 0 ? stream : sorted([...stream, ...metadata, ...parsed]);
  }

  /** All labels, errors included, in no order. */
  pairs(): readonly LabelPair[] {
    return this.#isChanged() ? [...this.#visibleStream(), ...this.#metadata, ...this.#parsed()] : this.#stream;
  }

  /** Whether stages made the labels that the stream has, with the same values: as in Loki these are the stream's then. */
  #areStreams(): boolean {
    const isPlain = this.#metadata.length === 0 && this.error === "" && this.errorDetails === "";
    if (!isPlain || this.#parsedCount === 0 || this.#parsedCount > this.#stream.length) {
      return false;
    }
    const hasSameValue = ({ name, value }: LabelPair): boolean => {
      const place = this.#placeOf(name);
      const parsed = place === -1 ? undefined : this.#values[place];
      return parsed === undefined ? !this.#deleted.has(name) : parsed === value;
    };
    return this.#parsedIsIn(this.#streamNames) && this.#stream.every(hasSameValue);
  }

  #parsedIsIn(names: ReadonlySet<string>): boolean {
    for (let i = 0; i < this.#count; i++) {
      if (this.#values[i] !== undefined && !names.has(this.#names[i]!)) {
        return false;
      }
    }
    return true;
  }

  /** As in Loki, an error's details alone change nothing. */
  #isChanged(): boolean {
    return this.#parsedCount > 0 || this.#metadata.length > 0 || this.#deleted.size > 0 || this.error !== "";
  }

  #visibleStream(): Labels {
    if (this.#deleted.size === 0 && this.#parsedCount === 0 && !this.#isSuffixed) {
      return this.#stream;
    }
    const visible = this.#stream.filter((pair) => this.#isVisible(pair));
    return visible.length === this.#stream.length ? this.#stream : visible;
  }

  #isVisible({ name }: LabelPair): boolean {
    const place = this.#placeOf(name);
    const isHidden = (place !== -1 && this.#values[place] !== undefined) || hasLabel(this.#metadata, name);
    return !isHidden && !this.#deleted.has(name);
  }

  #parsed(): LabelPair[] {
    const pairs: LabelPair[] = [];
    for (let i = 0; i < this.#count; i++) {
      const name = this.#names[i]!;
      const value = this.#values[i];
      // A field of the line may have such a name; what a stage reports takes its place.
      if (value !== undefined && this.#reported(name) === "") {
        pairs.push({ name, value });
      }
    }
    if (this.error !== "") {
      pairs.push({ name: errorLabel, value: this.error });
    }
    if (this.errorDetails !== "") {
      pairs.push({ name: errorDetailsLabel, value: this.errorDetails });
    }
    return pairs;
  }

  #deleteMetadata(name: string): void {
    if (hasLabel(this.#metadata, name)) {
      this.#metadata = this.#metadata.filter((pair) => pair.name !== name);
    }
  }

  #placeOf(name: string): number {
    const count = this.#count;
    if (count > scannedMax) {
      return this.#places.get(name) ?? -1;
    }
    const names = this.#names;
    for (let i = 0; i < count; i++) {
      if (names[i] === name) {
        return i;
      }
    }
    return -1;
  }

  /** Brings the map of places up to date, once there are enough labels for one. */
  #index(place: number): void {
    for (let i = this.#places.size; i <= place; i++) {
      this.#places.set(this.#names[i]!, i);
    }
  }
}

const noPairs: Labels = Object.freeze([]);

function hasLabel(labels: readonly LabelPair[], name: string): boolean {
  for (const pair of labels) {
    if (pair.name === name) {
      return true;
    }
  }
  return false;
}

function sorted(labels: readonly LabelPair[]): Labels {
  return labels.length < 2 ? labels : labels.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
