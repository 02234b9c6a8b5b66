import type { Logger, Metrics } from "@sluice/model";

/** Says nothing. */
export const quietLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Counts nothing. */
export const quietMetrics: Metrics = {
  counter: () => ({ add() {} }),
  gauge: () => ({ set() {}, add() {} }),
  histogram: () => ({ observe() {} }),
};
