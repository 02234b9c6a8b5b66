import { escapedLengthMax, type EscapedLines } from "../escape-json.ts";
import { spanOf } from "../line-span.ts";
import type { Kernels } from "../plain-kernels.ts";
import type { KernelMemory } from "./kernel-memory.ts";
import type { KernelExports } from "./web-assembly.ts";

/** The lines' part of the bytes is copied in, their texts are copied out. */
export function escapeJsonLines(
  wasm: KernelExports,
  memory: KernelMemory,
  twins: Pick<Kernels, "escapeJsonLines">,
  bytes: Uint8Array,
  lineStarts: Uint32Array,
  lineEnds: Uint32Array,
  from: number,
  to: number,
): EscapedLines {
  const { start, end, lineBytes } = spanOf(bytes, lineStarts, lineEnds, from, to);
  const count = to - from;
  const span = bytes.subarray(start, end);
  const addresses = memory.layOut(memory.roomFor(span), count * 4, count * 4, lineBytes * escapedLengthMax, count * 4);
  if (addresses === undefined) {
    return twins.escapeJsonLines(bytes, lineStarts, lineEnds, from, to);
  }
  const [textAt, starts, ends, out, outEnds] = addresses as [number, number, number, number, number];
  const text = memory.bring(span, textAt);
  memory.words(starts, count).set(lineStarts.subarray(from, to));
  memory.words(ends, count).set(lineEnds.subarray(from, to));
  const outEnd = wasm.escapeJsonLines(text - start, starts, ends, count, out, outEnds);
  return { bytes: memory.bytes.slice(out, outEnd), ends: memory.words(outEnds, count).slice() };
}
