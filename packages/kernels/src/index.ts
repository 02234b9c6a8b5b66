export { indexOfBytes } from "./byte-search.ts";
export { type ByteFinder, createFinder } from "./finder.ts";
export { countNewlines, newlineOffsets } from "./newlines.ts";
