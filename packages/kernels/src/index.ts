export { indexOfBytes } from "./byte-search.ts";
export type { EscapedLines } from "./escape-json.ts";
export {
  fieldKind,
  fieldNameLengthMax,
  fieldNames,
  fieldNamesMax,
  fieldStatus,
  type FieldColumns,
  type FieldNames,
} from "./field-names.ts";
export { type ByteFinder, createFinder } from "./finder.ts";
export { createKernels } from "./kernels.ts";
export type { LogfmtOptions } from "./logfmt-fields.ts";
export type { LineRegex } from "./match-lines.ts";
export { type NeedleSet, needleSet, needlesMax } from "./needle-set.ts";
export { countNewlines, newlineOffsets } from "./newlines.ts";
export type { PackedIds } from "./packed-ids.ts";
export { type Kernels, plainKernels } from "./plain-kernels.ts";
export type { PushColumns, ReadPush, StreamColumns } from "./push-columns.ts";
export { allTokens, innerTokens, mayHoldTokens } from "./required-tokens.ts";
export { readSnappyHeader, type SnappyHeader } from "./snappy-length.ts";
export { mayHoldToken, type TokenHash, tokenFilterVersion } from "./token-filter.ts";
export { kernelMemoryBytesMax } from "./wasm/kernel-memory.ts";
