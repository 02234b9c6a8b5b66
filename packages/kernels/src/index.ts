export { indexOfBytes } from "./byte-search.ts";
export { type ByteFinder, createFinder } from "./finder.ts";
export { createKernels } from "./kernels.ts";
export { countNewlines, newlineOffsets } from "./newlines.ts";
export { type Kernels, plainKernels } from "./plain-kernels.ts";
export { allTokens, innerTokens, mayHoldTokens } from "./required-tokens.ts";
export { readSnappyHeader, type SnappyHeader } from "./snappy-length.ts";
export { mayHoldToken, type TokenHash, tokenFilterVersion } from "./token-filter.ts";
export { kernelMemoryBytesMax } from "./wasm/kernel-memory.ts";
