import { plainKernels, type Kernels } from "./plain-kernels.ts";
import { wasmKernels } from "./wasm/wasm-kernels.ts";
import { instantiateKernels } from "./wasm/web-assembly.ts";

/**
 * Kernels of the caller's own: one set for each thread. WebAssembly where there is SIMD and no policy against it, the
 * twins elsewhere. Takes about a millisecond and 128 KiB; memory grows with the largest call, up to
 * `kernelMemoryBytesMax`, and calls that need more go to the twins.
 */
export function createKernels(): Kernels {
  const exports = instantiateKernels();
  return exports === undefined ? plainKernels : wasmKernels(exports, plainKernels);
}
