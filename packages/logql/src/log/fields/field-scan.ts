import { fieldKind, fieldNames, fieldStatus, type FieldColumns, type FieldNames, type Kernels } from "@sluice/kernels";
import { labelValue, type EntryBatch, type Labels } from "@sluice/model";
import { replaceInvalid } from "../json-escape.ts";
import { errorDetailsLabel, errorLabel } from "../line-labels.ts";
import { compileFieldTests, verdict, type FieldTest, type FieldValues } from "./field-test.ts";
import type { FieldPlan } from "./field-plan.ts";
import { absentValue, unclearValue, ValueTable } from "./value-table.ts";

type FieldKernels = Pick<Kernels, "jsonFields" | "logfmtFields">;

const encoder = new TextEncoder();
/** Values of a field that are remembered, and bytes of the values of all fields; with more it begins anew. */
const valuesMax = 200_000;
const valueBytesMax = 32 * 1024 * 1024;
const unread = -2;

/**
 * The fields of many lines at once, found by a kernel, and what a plan's filters say about them. It makes no label and no
 * text, but for values that it sees for the first time. Whatever is not plain is left to the stages.
 */
export class FieldScan implements FieldValues {
  readonly #plan: FieldPlan;
  readonly #kernels: FieldKernels;
  readonly #tables: ValueTable[];
  #test: FieldTest;
  /** Counts the times that all values were forgotten; numbers from before mean nothing any more. */
  generation = 0;
  /** By which names the kernel searches, for each set of names that lines have already. */
  readonly #searches = new Map<string, FieldNames | undefined>();
  #batch: EntryBatch | undefined;
  #columns: FieldColumns | undefined;
  /** For each name its place among the columns; -1 when it is a label of the stream. */
  #places: readonly number[] = [];
  /** The stream's values, by name. */
  #constants: readonly number[] = [];
  #row = 0;
  readonly #numbers: Int32Array;

  constructor(plan: FieldPlan, kernels: FieldKernels) {
    this.#plan = plan;
    this.#kernels = kernels;
    this.#tables = plan.names.map(() => new ValueTable());
    this.#test = compileFieldTests(plan.filters, plan.names);
    this.#numbers = new Int32Array(plan.names.length);
  }

  /** Whether fields say enough about the batch's lines; otherwise the stages have to look at all of them. */
  fits(batch: EntryBatch, stream: Labels): boolean {
    return this.#searchBeside(stream) !== undefined && !this.#isTouchedBy(batch);
  }

  /**
   * Finds the fields of some lines of a batch that it fits.
   *
   * @param rows which lines, ascending.
   */
  begin(batch: EntryBatch, stream: Labels, rows: Uint32Array): void {
    const { names, parser, readsWholeLines } = this.#plan;
    const search = this.#searchBeside(stream)!;
    if (this.#remembersMuch) {
      this.#forget();
    }
    const { bytes, lineStarts, lineEnds } = batch;
    // What the stream has already, the parser never finds, so that it reads on to the line's end.
    const isWhole = readsWholeLines || search.names.length < names.length;
    this.#columns =
      parser.kind === "json"
        ? this.#kernels.jsonFields(bytes, lineStarts, lineEnds, rows, search, isWhole)
        : this.#kernels.logfmtFields(bytes, lineStarts, lineEnds, rows, search, {
            isWhole,
            isStrict: parser.strict,
            keepEmpty: parser.keepEmpty,
          });
    this.#batch = batch;
    this.#places = names.map((name) => search.names.indexOf(name));
    this.#constants = names.map((name, i) => {
      const value = encoder.encode(labelValue(stream, name));
      return value.length === 0 ? absentValue : this.#tables[i]!.numberOf(value, 0, value.length);
    });
  }

  /** Turns to the line `rows[i]`. @returns one of {@link verdict}: what the plan's filters say. */
  turnTo(i: number): number {
    this.#row = i;
    this.#numbers.fill(unread);
    return this.#columns!.status[i] === fieldStatus.good ? this.#test(this) : verdict.unclear;
  }

  numberOf(place: number): number {
    let number = this.#numbers[place]!;
    if (number === unread) {
      number = this.#read(place);
      this.#numbers[place] = number;
    }
    return number;
  }

  textOf(place: number, number: number): string {
    return replaceInvalid(this.#tables[place]!.textOf(number));
  }

  /** Where the field's value lies in the batch; undefined when it is not there, or not as it is. */
  spanOf(place: number): { readonly start: number; readonly end: number } | undefined {
    const column = this.#places[place]!;
    const { kinds, starts, ends, status } = this.#columns!;
    const at = column * status.length + this.#row;
    const kind = column === -1 ? fieldKind.none : kinds[at];
    return kind === fieldKind.none || kind === fieldKind.escapedString
      ? undefined
      : { start: starts[at]!, end: ends[at]! };
  }

  /** Whether the line has no such label at all. */
  isAbsent(place: number): boolean {
    const column = this.#places[place]!;
    const { kinds, status } = this.#columns!;
    return column === -1
      ? this.#constants[place] === absentValue
      : kinds[column * status.length + this.#row] === fieldKind.none;
  }

  get #remembersMuch(): boolean {
    const bytes = this.#tables.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return bytes > valueBytesMax || this.#tables.some(({ count }) => count > valuesMax);
  }

  #read(place: number): number {
    const column = this.#places[place]!;
    if (column === -1) {
      return this.#constants[place]!;
    }
    const { kinds, starts, ends, status } = this.#columns!;
    const at = column * status.length + this.#row;
    switch (kinds[at]) {
      case fieldKind.none:
        return absentValue;
      case fieldKind.escapedString:
        return unclearValue;
      default:
        return this.#tables[place]!.numberOf(this.#batch!.bytes, starts[at]!, ends[at]!);
    }
  }

  /** The names that are no labels of the stream; undefined when none is left to search for. */
  #searchBeside(stream: Labels): FieldNames | undefined {
    const { names } = this.#plan;
    const taken = names.filter((name) => stream.some((label) => label.name === name));
    const key = taken.join(",");
    if (!this.#searches.has(key)) {
      const left = names.filter((name) => !taken.includes(name));
      this.#searches.set(key, left.length === 0 ? undefined : fieldNames(left));
    }
    return this.#searches.get(key);
  }

  /** Whether structured metadata takes a name or brings an error. */
  #isTouchedBy({ metadata }: EntryBatch): boolean {
    const touching = new Set([...this.#plan.names, errorLabel, errorDetailsLabel]);
    return metadata !== undefined && metadata.sets.some((set) => set.some(({ name }) => touching.has(name)));
  }

  #forget(): void {
    for (const table of this.#tables) {
      table.clear();
    }
    this.#test = compileFieldTests(this.#plan.filters, this.#plan.names);
    this.generation += 1;
  }
}
