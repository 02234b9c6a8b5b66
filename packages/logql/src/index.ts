export { runInstantQuery, runRangeQuery, type InstantQuery, type QueryAnswer, type RangeQuery } from "./engine.ts";
export {
  planQuery,
  type PlannedQuery,
  type PlannedScan,
  type PlannedStage,
  type QueryPlan,
} from "./explain/plan-query.ts";
export { compileEntryFilter, type EntryFilter } from "./entry-filter.ts";
export { detectFields, detectFieldValues, type DetectedField } from "./fields/detect-fields.ts";
export { isId } from "./fields/field-type.ts";
export { minePatterns, type LevelPattern, type PatternAnswer, type PatternQuery } from "./patterns/mine-patterns.ts";
export {
  isSplittable,
  joinMatrices,
  splitSteps,
  splitTime,
  StreamsJoin,
  type JoinOutcome,
  type TimeSpan,
} from "./split.ts";
export * from "./syntax/index.ts";
export { compileTail, type Tail } from "./tail.ts";
export { printGoDuration } from "./units/go-duration.ts";
