import { isServiceError, type EntryBatch } from "@sluice/model";
import { decodeLine } from "../log/decode-line.ts";
import { decimalOf } from "../log/fields/decimal.ts";
import type { FieldPlan } from "../log/fields/field-plan.ts";
import type { FieldScan } from "../log/fields/field-scan.ts";
import type { Grouping, RangeAggregation } from "../syntax/index.ts";
import { conversionOf } from "./sample-value.ts";

/** The series of a line cannot be told from its fields, or was not told of yet. */
export const noSlot = -1;

/** Takes samples from the fields of lines, without labels. */
export interface ColumnSamples {
  /** The sample's value: undefined when the line is none, NaN when its labels have to tell. */
  valueOf(fields: FieldScan, batch: EntryBatch, row: number): number | undefined;
  /** The series of the line that the fields were turned to last; {@link noSlot} when it is not known. */
  slotOf(fields: FieldScan): number;
  /** Tells of the series of that line, for the lines to come that have the same fields. */
  remember(fields: FieldScan, slot: number): void;
}

/**
 * @param grouping an ordered grouping by names: only then are few fields all that the series depends on.
 * @returns undefined when labels are needed for something.
 */
export function columnSamples(
  { operation, range }: RangeAggregation,
  plan: FieldPlan,
  grouping: Grouping | undefined,
): ColumnSamples | undefined {
  const { unwrap } = range;
  if (grouping === undefined || grouping.without || (unwrap !== undefined && unwrap.filters.length > 0)) {
    return undefined;
  }
  // Names that are not among the plan's are about errors; a field may have such a name, too.
  const asked = [...grouping.labels, ...(unwrap === undefined ? [] : [unwrap.label])];
  if (!asked.every((name) => plan.names.includes(name))) {
    return undefined;
  }
  const countsBytes = operation === "bytes_over_time" || operation === "bytes_rate";
  const valueOf =
    unwrap === undefined
      ? countsBytes
        ? sizeOf
        : () => 1
      : unwrappedValue(plan.names.indexOf(unwrap.label), unwrap.conversion);
  const places = grouping.labels.map((name) => plan.names.indexOf(name));
  const slots = new SlotTree();
  return {
    valueOf,
    slotOf: (fields) => slots.find(fields, places),
    remember: (fields, slot) => slots.set(fields, places, slot),
  };
}

function sizeOf(_fields: FieldScan, { lineStarts, lineEnds }: EntryBatch, row: number): number {
  return lineEnds[row]! - lineStarts[row]!;
}

function unwrappedValue(
  place: number,
  conversion: NonNullable<RangeAggregation["range"]["unwrap"]>["conversion"],
): ColumnSamples["valueOf"] {
  const convert = conversionOf(conversion);
  return (fields, { bytes }) => {
    const span = fields.spanOf(place);
    if (span === undefined) {
      return fields.isAbsent(place) ? undefined : Number.NaN;
    }
    const { start, end } = span;
    if (start === end) {
      return undefined;
    }
    const decimal = conversion === undefined ? decimalOf(bytes, start, end) : undefined;
    return decimal ?? orNaN(convert, decodeLine(bytes, start, end));
  };
}

/** What is no number is an error, which labels have to tell of. */
function orNaN(convert: (text: string) => number, text: string): number {
  try {
    return convert(text);
  } catch (error) {
    if (isServiceError(error, "bad_data")) {
      return Number.NaN;
    }
    throw error;
  }
}

/** Slots by the numbers of values, one after the other: each pair of a node and a number leads to the next node. */
class SlotTree {
  #next = new Map<number, number>();
  #slots: number[] = [];
  #nodes = 1;
  #generation = 0;

  find(fields: FieldScan, places: readonly number[]): number {
    if (fields.generation !== this.#generation) {
      this.#clear(fields.generation);
    }
    let node = 0;
    for (const place of places) {
      const number = fields.numberOf(place);
      const next = number < 0 ? undefined : this.#next.get(node * 2 ** 26 + number);
      if (next === undefined) {
        return noSlot;
      }
      node = next;
    }
    return this.#slots[node] ?? noSlot;
  }

  set(fields: FieldScan, places: readonly number[], slot: number): void {
    let node = 0;
    for (const place of places) {
      const number = fields.numberOf(place);
      if (number < 0) {
        return;
      }
      const key = node * 2 ** 26 + number;
      const next = this.#next.get(key) ?? this.#nodes++;
      this.#next.set(key, next);
      node = next;
    }
    this.#slots[node] = slot;
  }

  #clear(generation: number): void {
    this.#generation = generation;
    this.#next = new Map();
    this.#slots = [];
    this.#nodes = 1;
  }
}
