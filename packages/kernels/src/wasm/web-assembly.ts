import { kernelsWasmBase64 } from "./kernels-wasm.ts";

/** Where the columns of fields lie. */
export type FieldAddresses = [status: number, kinds: number, starts: number, ends: number];

/** What the module of `assembly/` exports. Addresses and lengths are unsigned 32-bit numbers. */
export interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  linesWith(
    base: number,
    from: number,
    to: number,
    needle: number,
    length: number,
    probeA: number,
    probeB: number,
    out: number,
    max: number,
  ): number;
  linesWithFolded(
    base: number,
    from: number,
    to: number,
    needle: number,
    length: number,
    probeA: number,
    probeB: number,
    out: number,
    max: number,
  ): number;
  linesWithAny(base: number, from: number, to: number, set: number, fold: number, out: number, max: number): number;
  matchLines(
    base: number,
    lineStarts: number,
    lineEnds: number,
    lines: number,
    from: number,
    count: number,
    classes: number,
    cells: number,
    endColumn: number,
    start: number,
    out: number,
  ): number;
  newlineOffsets(start: number, end: number, out: number, max: number): number;
  countNewlines(start: number, end: number): number;
  snappyDecode(source: number, sourceEnd: number, target: number, targetEnd: number): number;
  snappyEncode(source: number, sourceEnd: number, target: number, table: number): number;
  insertTokens(start: number, end: number, table: number, mask: number, hashes: number, max: number): number;
  escapeJsonLines(base: number, starts: number, ends: number, count: number, out: number, outEnds: number): number;
  jsonFields(
    base: number,
    lineStarts: number,
    lineEnds: number,
    lines: number,
    count: number,
    names: number,
    nameCount: number,
    mayBeginWithDigit: number,
    isWhole: number,
    ...columns: FieldAddresses
  ): void;
  logfmtFields(
    base: number,
    lineStarts: number,
    lineEnds: number,
    lines: number,
    count: number,
    names: number,
    nameCount: number,
    mayBeginWithDigit: number,
    isWhole: number,
    isStrict: number,
    keepEmpty: number,
    ...columns: FieldAddresses
  ): void;
  readPush(
    start: number,
    end: number,
    counts: number,
    streams: number,
    streamsMax: number,
    deltas: number,
    lineStarts: number,
    lineEnds: number,
    places: number,
    entriesMax: number,
    sets: number,
    slots: number,
    slotMask: number,
  ): number;
  packIds(start: number, end: number, text: number, ids: number, lengths: number): number;
  unpackIds(text: number, textEnd: number, ids: number, idsEnd: number, out: number, outEnd: number): number;
  fillFilter(hashes: number, count: number, filter: number, blockCount: number): void;
}

/** The part of WebAssembly's interface used here; TypeScript has its types in the DOM library only. */
interface WebAssemblyApi {
  readonly validate: (this: void, bytes: Uint8Array) => boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** A module with one function: `i8x16.popcnt(i8x16.splat(0))`. */
const simdProbe = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

/**
 * A new instance with a memory of its own, or undefined where WebAssembly or its SIMD is missing, or where a page's
 * content security policy forbids it.
 */
export function instantiateKernels(
  api = (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly,
): KernelExports | undefined {
  if (api === undefined || !api.validate(simdProbe)) {
    return undefined;
  }
  try {
    return new api.Instance(new api.Module(decodeBase64(kernelsWasmBase64))).exports as KernelExports;
  } catch {
    // A policy without 'wasm-unsafe-eval' shows only here; the twins do the same work.
    return undefined;
  }
}

function decodeBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
