import type { NeedleSet } from "../needle-set.ts";
import type { KernelMemory } from "./kernel-memory.ts";
import { probesOf } from "./rare-bytes.ts";
import type { KernelExports } from "./web-assembly.ts";

const linesPerCall = 4096;
const newline = 0x0a;

/** @returns undefined when the kernels' memory is too small. */
export function linesWith(
  wasm: KernelExports,
  memory: KernelMemory,
  bytes: Uint8Array,
  needle: Uint8Array,
  from: number,
  to: number,
): Uint32Array | undefined {
  const { length } = needle;
  const probes = probesOf(needle);
  return searchLines(memory, bytes, { from, to, table: needle, lengthMin: length }, (base, at, end, needleAt, out) =>
    wasm.linesWith(base, at, end, needleAt, length, ...probes, out, linesPerCall),
  );
}

/** @returns undefined when the kernels' memory is too small. */
export function linesWithAny(
  wasm: KernelExports,
  memory: KernelMemory,
  bytes: Uint8Array,
  { needles, isFolded, table }: NeedleSet,
  from: number,
  to: number,
): Uint32Array | undefined {
  const [needle, another] = needles as [Uint8Array, Uint8Array | undefined];
  if (another !== undefined) {
    return searchLines(memory, bytes, { from, to, table, lengthMin: 1 }, (base, at, end, set, out) =>
      wasm.linesWithAny(base, at, end, set, Number(isFolded), out, linesPerCall),
    );
  }
  if (!isFolded) {
    return linesWith(wasm, memory, bytes, needle, from, to);
  }
  const { length } = needle;
  const probes = probesOf(needle);
  return searchLines(memory, bytes, { from, to, table: needle, lengthMin: length }, (base, at, end, needleAt, out) =>
    wasm.linesWithFolded(base, at, end, needleAt, length, ...probes, out, linesPerCall),
  );
}

interface LineSearch {
  readonly from: number;
  readonly to: number;
  /** What the kernel reads besides the text. */
  readonly table: Uint8Array;
  /** Fewer bytes hold nothing. */
  readonly lengthMin: number;
}

/** Calls the kernel until it has been through all lines; it writes {@link linesPerCall} places at most. */
function searchLines(
  memory: KernelMemory,
  bytes: Uint8Array,
  { from, to, table, lengthMin }: LineSearch,
  search: (base: number, at: number, end: number, table: number, out: number) => number,
): Uint32Array | undefined {
  if (to - from < lengthMin) {
    return new Uint32Array(0);
  }
  const part = from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);
  const addresses = memory.layOut(memory.roomFor(part), table.length, linesPerCall * 4);
  if (addresses === undefined) {
    return undefined;
  }
  const [textAt, tableAt, out] = addresses as [number, number, number];
  const text = memory.bring(part, textAt);
  const end = text + part.length;
  memory.copyIn(table, tableAt);
  const base = text - from;
  const rounds: Uint32Array[] = [];
  for (let at = text; end - at >= lengthMin;) {
    const count = search(base, at, end, tableAt, out);
    const found = memory.words(out, count).slice();
    rounds.push(found);
    if (count < linesPerCall) {
      break;
    }
    const lineEnd = memory.bytes.indexOf(newline, base + found[count - 1]!);
    at = lineEnd === -1 ? end : lineEnd + 1;
  }
  return rounds.length === 1 ? rounds[0]! : concatenate(rounds);
}

function concatenate(parts: readonly Uint32Array[]): Uint32Array {
  const out = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
