import type { Labels } from "@sluice/model";
import type { MemoryBudget } from "./memory-budget.ts";
import { labelsKey } from "./series.ts";

/** What a series takes beside its numbers, about, in numbers of 8 bytes: itself, each of its labels, each four characters. */
const cellsOfSeries = 40;
const cellsOfLabel = 8;
const charactersPerCell = 4;

/** The series of one range aggregation by number, and what is kept for them. */
export class Slots {
  readonly #numbers = new Map<string, number>();
  readonly #labels: Labels[] = [];
  readonly #cellsPerSlot: number;
  readonly #stepCount: number;
  readonly #budget: MemoryBudget;
  #cells = 0;
  #cellsOfLabels = 0;

  /** @param cellsPerSlot how many numbers of 8 bytes are kept for each series from the start. */
  constructor(stepCount: number, cellsPerSlot: number, budget: MemoryBudget) {
    this.#stepCount = stepCount;
    this.#cellsPerSlot = cellsPerSlot;
    this.#budget = budget;
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
      const ofLabels = cellsOfSeries + labels.length * cellsOfLabel + Math.ceil(key.length / charactersPerCell);
      this.reserve(this.#cellsPerSlot + ofLabels);
      this.#cellsOfLabels += ofLabels;
      this.#numbers.set(key, slot);
      this.#labels.push(labels);
      open(slot);
    }
    return slot;
  }

  /** Counts numbers that are kept from now on. @throws {ServiceError} `bad_data` when they do not fit into memory. */
  reserve(cells: number): void {
    this.#budget.reserve(cells);
    this.#cells += cells;
  }

  release(cells: number): void {
    this.#budget.release(cells);
    this.#cells -= cells;
  }

  /** Lets go of everything but the series and one number for each of their steps: the answer. */
  finish(): void {
    this.release(this.#cells - this.#cellsOfLabels - this.#labels.length * this.#stepCount);
  }
}
