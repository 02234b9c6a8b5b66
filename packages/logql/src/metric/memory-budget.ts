import { ServiceError } from "@sluice/model";

/** Numbers of 8 bytes that one query may hold in memory. */
const cellsMax = 32_000_000;

/** Bounds what all range aggregations of one query hold together. */
export class MemoryBudget {
  #cells = 0;

  /** @throws {ServiceError} `bad_data` when the query would hold too much. */
  reserve(cells: number): void {
    if (this.#cells + cells > cellsMax) {
      throw new ServiceError(
        "bad_data",
        `the query needs more than ${(cellsMax * 8) / 1_000_000} MB of memory for its series; ` +
          "consider aggregating by fewer labels, a larger step or a shorter time range",
      );
    }
    this.#cells += cells;
  }

  release(cells: number): void {
    this.#cells -= cells;
  }
}
