import { escapeJsonLines, type EscapedLines } from "./escape-json.ts";
import type { FieldColumns, FieldNames } from "./field-names.ts";
import { jsonFields } from "./json-fields.ts";
import { linesWith, linesWithAny } from "./line-search.ts";
import { logfmtFields, type LogfmtOptions } from "./logfmt-fields.ts";
import { matchLines, type LineRegex } from "./match-lines.ts";
import type { NeedleSet } from "./needle-set.ts";
import { countNewlines, newlineOffsets } from "./newlines.ts";
import { packIds, unpackIds, unpackIdsInto, type PackedIds } from "./packed-ids.ts";
import { textHolds } from "./text-holds.ts";
import { readPush, type ReadPush } from "./push-columns.ts";
import { decodeSnappy } from "./snappy-decode.ts";
import { encodeSnappy } from "./snappy-encode.ts";
import { buildTokenFilter } from "./token-filter.ts";

/**
 * The kernels over one WebAssembly instance and its memory, for one thread. Every result is a copy that belongs to the
 * caller. Calls do not overlap: they are synchronous.
 */
export interface Kernels {
  /** Whether these are the WebAssembly kernels; otherwise they are their plain TypeScript twins. */
  readonly isSimd: boolean;
  /** See the twin {@link linesWith}. */
  linesWith(bytes: Uint8Array, needle: Uint8Array, from: number, to: number): Uint32Array;
  /** See the twin {@link linesWithAny}. */
  linesWithAny(bytes: Uint8Array, set: NeedleSet, from: number, to: number): Uint32Array;
  /** See the twin {@link matchLines}. */
  matchLines(
    bytes: Uint8Array,
    lineStarts: Uint32Array,
    lineEnds: Uint32Array,
    lines: Uint32Array,
    regex: LineRegex,
  ): Uint32Array;
  /** See the twin {@link newlineOffsets}. */
  newlineOffsets(bytes: Uint8Array, expected: number): Uint32Array;
  /** See the twin {@link countNewlines}. */
  countNewlines(bytes: Uint8Array): number;
  /** See the twin {@link decodeSnappy}. */
  decodeSnappy(block: Uint8Array, lengthMax: number): Uint8Array | undefined;
  /** See the twin {@link encodeSnappy}. */
  encodeSnappy(bytes: Uint8Array): Uint8Array;
  /** See the twin {@link escapeJsonLines}. */
  escapeJsonLines(
    bytes: Uint8Array,
    lineStarts: Uint32Array,
    lineEnds: Uint32Array,
    from: number,
    to: number,
  ): EscapedLines;
  /** See the twin {@link jsonFields}. */
  jsonFields(
    bytes: Uint8Array,
    lineStarts: Uint32Array,
    lineEnds: Uint32Array,
    lines: Uint32Array,
    names: FieldNames,
    isWhole: boolean,
  ): FieldColumns;
  /** See the twin {@link logfmtFields}. */
  logfmtFields(
    bytes: Uint8Array,
    lineStarts: Uint32Array,
    lineEnds: Uint32Array,
    lines: Uint32Array,
    names: FieldNames,
    options: LogfmtOptions,
  ): FieldColumns;
  /** See the twin {@link readPush}. */
  readPush(block: Uint8Array, lengthMax: number): ReadPush | undefined;
  /** See the twin {@link buildTokenFilter}. */
  buildTokenFilter(parts: readonly Uint8Array[]): Uint8Array;
  /** See the twin {@link packIds}. */
  packIds(bytes: Uint8Array): PackedIds | undefined;
  /** See the twin {@link unpackIds}. */
  unpackIds(text: Uint8Array, ids: Uint8Array, length: number): Uint8Array | undefined;
  /** See the twin {@link unpackIdsInto}. */
  unpackIdsInto(text: Uint8Array, ids: Uint8Array, out: Uint8Array): boolean;
  /**
   * Regions in the kernels' own memory, in the place of those of the call before: what lies in them is worked on where it
   * is, while everything else is copied in by every call. Undefined when there is no such memory, or too little.
   */
  reside(sizesBytes: readonly number[]): Uint8Array<ArrayBuffer>[] | undefined;
  /** See the twin {@link textHolds}. */
  textHolds(
    text: Uint8Array,
    ids: Uint8Array | undefined,
    length: number,
    needles: readonly Uint8Array[],
  ): boolean | undefined;
}

/** The twins: what runs where WebAssembly SIMD does not, for work that is too large, and as the oracle of the tests. */
export const plainKernels: Kernels = Object.freeze({
  isSimd: false,
  linesWith,
  linesWithAny,
  matchLines,
  newlineOffsets,
  countNewlines,
  decodeSnappy,
  encodeSnappy,
  escapeJsonLines,
  jsonFields,
  logfmtFields,
  readPush,
  buildTokenFilter,
  packIds,
  unpackIds,
  unpackIdsInto,
  reside: () => undefined,
  textHolds,
});
