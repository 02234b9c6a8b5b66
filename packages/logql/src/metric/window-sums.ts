import { ServiceError, type Labels } from "@sluice/model";
import type { RangeOperation } from "../syntax/index.ts";
import { labelsKey, newSeries, type Series } from "./series.ts";
import type { Steps } from "./steps.ts";

/** Where the entries of one series are counted: as changes from each step to the next. */
export interface WindowSlot {
  readonly labels: Labels;
  readonly counts: Float64Array;
  readonly sizes: Float64Array | undefined;
}

/** Steps times series that one range aggregation may hold in memory, 8 bytes each. */
const cellsMax = 32_000_000;

/**
 * Counts entries and bytes per series and window. An entry costs the same however many windows it lies in, and is
 * forgotten at once: only whole numbers are added, so that taking them away again is exact.
 */
export class WindowSums {
  readonly #steps: Steps;
  readonly #hasSizes: boolean;
  readonly #slots = new Map<string, WindowSlot>();

  /** @param operation decides whether bytes are counted too. */
  constructor(steps: Steps, operation: RangeOperation) {
    this.#steps = steps;
    this.#hasSizes = operation === "bytes_over_time" || operation === "bytes_rate";
  }

  /** @throws {ServiceError} `bad_data` when the series do not fit into memory. */
  slot(labels: Labels): WindowSlot {
    const key = labelsKey(labels);
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      const cells = this.#steps.count + 1;
      if ((this.#slots.size + 1) * cells > cellsMax) {
        throw new ServiceError(
          "bad_data",
          `the query needs more than ${this.#slots.size} series of ${this.#steps.count} steps; ` +
            "consider aggregating by fewer labels, a larger step or a shorter time range",
        );
      }
      const sizes = this.#hasSizes ? new Float64Array(cells) : undefined;
      slot = { labels, counts: new Float64Array(cells), sizes };
      this.#slots.set(key, slot);
    }
    return slot;
  }

  /** Series with the value of the operation at every step whose window holds an entry. */
  finish(operation: RangeOperation, rangeMs: number): readonly Series[] {
    const divisor = operation === "rate" || operation === "bytes_rate" ? rangeMs / 1000 : 1;
    return Array.from(this.#slots.values(), (slot) => sumUp(slot, divisor, this.#steps.count));
  }
}

/** Adds `count` entries of `sizeBytes` together to the windows of the steps from `first` to `last`. */
export function addToWindows(
  { counts, sizes }: WindowSlot,
  first: number,
  last: number,
  count: number,
  sizeBytes: number,
): void {
  if (first > last) {
    return;
  }
  counts[first]! += count;
  counts[last + 1]! -= count;
  if (sizes !== undefined) {
    sizes[first]! += sizeBytes;
    sizes[last + 1]! -= sizeBytes;
  }
}

function sumUp({ labels, counts, sizes }: WindowSlot, divisor: number, stepCount: number): Series {
  const series = newSeries(labels, stepCount);
  let count = 0;
  let size = 0;
  for (let k = 0; k < stepCount; k++) {
    count += counts[k]!;
    size += sizes?.[k] ?? 0;
    if (count > 0) {
      series.present[k] = 1;
      series.values[k] = (sizes === undefined ? count : size) / divisor;
    }
  }
  return series;
}
