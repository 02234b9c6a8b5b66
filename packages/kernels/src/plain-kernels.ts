import { linesWith } from "./line-search.ts";
import { countNewlines, newlineOffsets } from "./newlines.ts";
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
  /** See the twin {@link newlineOffsets}. */
  newlineOffsets(bytes: Uint8Array, expected: number): Uint32Array;
  /** See the twin {@link countNewlines}. */
  countNewlines(bytes: Uint8Array): number;
  /** See the twin {@link decodeSnappy}. */
  decodeSnappy(block: Uint8Array, lengthMax: number): Uint8Array | undefined;
  /** See the twin {@link encodeSnappy}. */
  encodeSnappy(bytes: Uint8Array): Uint8Array;
  /** See the twin {@link buildTokenFilter}. */
  buildTokenFilter(parts: readonly Uint8Array[]): Uint8Array;
}

/** The twins: what runs where WebAssembly SIMD does not, for work that is too large, and as the oracle of the tests. */
export const plainKernels: Kernels = Object.freeze({
  isSimd: false,
  linesWith,
  newlineOffsets,
  countNewlines,
  decodeSnappy,
  encodeSnappy,
  buildTokenFilter,
});
