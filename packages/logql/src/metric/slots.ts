import { ServiceError, type Labels } from "@sluice/model";
import { labelsKey } from "./series.ts";

/** Numbers of 8 bytes that one range aggregation may hold in memory. */
const cellsMax = 32_000_000;

/** Series by number, and the bound on what is kept for them. */
export class Slots {
  readonly #numbers = new Map<string, number>();
  readonly #labels: Labels[] = [];
  readonly #cellsPerSlot: number;
  readonly #stepCount: number;
  #cells = 0;

  /** @param cellsPerSlot how many numbers of 8 bytes are kept for each series from the start. */
  constructor(stepCount: number, cellsPerSlot: number) {
    this.#stepCount = stepCount;
    this.#cellsPerSlot = cellsPerSlot;
  }

  get labels(): readonly Labels[] {
    return this.#labels;
  }

  /**
   * The number of the series; `open` is called with a number that is new.
   *
   * @throws {ServiceError} `bad_data` when the series do not fit into memory.
   */
  slot(labels: Labels, open: (slot: number) => void): number {
    const key = labelsKey(labels);
    let slot = this.#numbers.get(key);
    if (slot === undefined) {
      slot = this.#labels.length;
      this.reserve(this.#cellsPerSlot);
      this.#numbers.set(key, slot);
      this.#labels.push(labels);
      open(slot);
    }
    return slot;
  }

  /** Counts numbers that are kept from now on. @throws {ServiceError} `bad_data` when they do not fit into memory. */
  reserve(cells: number): void {
    this.#cells += cells;
    if (this.#cells > cellsMax) {
      throw new ServiceError(
        "bad_data",
        `the query needs more memory than ${this.#labels.length} series of ${this.#stepCount} steps may take; ` +
          "consider aggregating by fewer labels, a larger step or a shorter time range",
      );
    }
  }

  release(cells: number): void {
    this.#cells -= cells;
  }
}
