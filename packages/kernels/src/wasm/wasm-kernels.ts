import type { Kernels } from "../plain-kernels.ts";
import { checkLineSearch } from "../line-search.ts";
import { isPlausible, readSnappyHeader, snappyHeaderOf } from "../snappy-length.ts";
import { snappyLengthMax } from "../snappy-encode.ts";
import { filterBlockCount, filterBytes } from "../token-filter.ts";
import { KernelMemory } from "./kernel-memory.ts";
import { probesOf } from "./rare-bytes.ts";
import type { KernelExports } from "./web-assembly.ts";

const snappyTableBytes = 32_768;
const linesPerCall = 4096;
const tokenTableSlotsMin = 1024;

/** The kernels over an instance; what its memory cannot hold is done by `twins`. */
export function wasmKernels(wasm: KernelExports, twins: Kernels): Kernels {
  const memory = new KernelMemory(wasm.memory);

  function copyIn(bytes: Uint8Array, address: number): number {
    memory.bytes.set(bytes, address);
    return address + bytes.length;
  }

  function words(address: number, count: number): Uint32Array {
    return new Uint32Array(memory.bytes.buffer, address, count);
  }

  return {
    isSimd: true,

    linesWith(bytes, needle, from, to) {
      checkLineSearch(bytes, needle, from, to);
      const length = needle.length;
      if (to - from < length) {
        return new Uint32Array(0);
      }
      const addresses = memory.layOut(to - from, length, linesPerCall * 4);
      if (addresses === undefined) {
        return twins.linesWith(bytes, needle, from, to);
      }
      const [text, needleAt, out] = addresses as [number, number, number];
      const end = copyIn(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), text);
      copyIn(needle, needleAt);
      const [probeA, probeB] = probesOf(needle);
      const base = text - from;
      const rounds: Uint32Array[] = [];
      for (let at = text; end - at >= length;) {
        const count = wasm.linesWith(base, at, end, needleAt, length, probeA, probeB, out, linesPerCall);
        const found = words(out, count).slice();
        rounds.push(found);
        if (count < linesPerCall) {
          break;
        }
        const lineEnd = memory.bytes.indexOf(0x0a, base + found[count - 1]!);
        at = lineEnd === -1 ? end : lineEnd + 1;
      }
      return rounds.length === 1 ? rounds[0]! : concatenate(rounds);
    },

    newlineOffsets(bytes, expected) {
      // Room for what is expected; when there are more, once again with room for all.
      let room = Math.min(expected, bytes.length);
      for (;;) {
        const addresses = memory.layOut(bytes.length, room * 4);
        if (addresses === undefined) {
          return twins.newlineOffsets(bytes, expected);
        }
        const [text, out] = addresses as [number, number];
        const end = copyIn(bytes, text);
        const count = wasm.newlineOffsets(text, end, out, room);
        if (count <= room) {
          return words(out, count).slice();
        }
        room = count;
      }
    },

    countNewlines(bytes) {
      const addresses = memory.layOut(bytes.length);
      return addresses === undefined
        ? twins.countNewlines(bytes)
        : wasm.countNewlines(addresses[0]!, copyIn(bytes, addresses[0]!));
    },

    decodeSnappy(block, lengthMax) {
      const header = readSnappyHeader(block);
      if (header === undefined || header.length > lengthMax || !isPlausible(block, header)) {
        return undefined;
      }
      const addresses = memory.layOut(block.length, header.length);
      if (addresses === undefined) {
        return twins.decodeSnappy(block, lengthMax);
      }
      const [source, target] = addresses as [number, number];
      const sourceEnd = copyIn(block, source);
      const targetEnd = target + header.length;
      const isGood = wasm.snappyDecode(source + header.bodyOffset, sourceEnd, target, targetEnd) === 1;
      return isGood ? memory.bytes.slice(target, targetEnd) : undefined;
    },

    encodeSnappy(bytes) {
      const header = snappyHeaderOf(bytes.length);
      const addresses = memory.layOut(bytes.length, snappyLengthMax(bytes.length), snappyTableBytes);
      if (addresses === undefined) {
        return twins.encodeSnappy(bytes);
      }
      const [source, target, table] = addresses as [number, number, number];
      const sourceEnd = copyIn(bytes, source);
      memory.bytes.set(header, target);
      const targetEnd = wasm.snappyEncode(source, sourceEnd, target + header.length, table);
      return memory.bytes.slice(target, targetEnd);
    },

    buildTokenFilter(parts) {
      // A byte that is in no token parts them.
      const textBytes = parts.reduce((sum, part) => sum + part.length + 1, 0);
      // A token in 16 bytes is much for logs; the table is to stay half empty, and what is cleared for a small text small.
      for (let slots = tableSlots(textBytes / 8); ; slots *= 2) {
        const tokensMax = (slots / 4) * 3;
        const filterBytesMax = filterBytes(filterBlockCount(tokensMax));
        const addresses = memory.layOut(textBytes, slots * 4, tokensMax * 4, filterBytesMax);
        if (addresses === undefined) {
          return twins.buildTokenFilter(parts);
        }
        const [text, table, hashes, filter] = addresses as [number, number, number, number];
        let end = text;
        for (const part of parts) {
          end = copyIn(part, end);
          memory.bytes[end] = 0;
          end += 1;
        }
        memory.bytes.fill(0, table, table + slots * 4);
        const count = wasm.insertTokens(text, end, table, slots - 1, hashes, tokensMax);
        if (count === -1) {
          continue;
        }
        const blockCount = filterBlockCount(count);
        const filterEnd = filter + filterBytes(blockCount);
        memory.bytes.fill(0, filter, filterEnd);
        wasm.fillFilter(hashes, count, filter, blockCount);
        return memory.bytes.slice(filter, filterEnd);
      }
    },
  };
}

/** A power of two. */
function tableSlots(wanted: number): number {
  return Math.max(tokenTableSlotsMin, 2 ** Math.ceil(Math.log2(wanted)));
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
