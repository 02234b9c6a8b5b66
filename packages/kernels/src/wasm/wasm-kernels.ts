import type { Kernels } from "../plain-kernels.ts";
import { checkLineSearch, checkRange } from "../line-search.ts";
import { isPlausible, readSnappyHeader, snappyHeaderOf } from "../snappy-length.ts";
import { snappyLengthMax } from "../snappy-encode.ts";
import { filterBlockCount, filterBytes } from "../token-filter.ts";
import { escapeJsonLines } from "./escape-json.ts";
import { jsonFields, logfmtFields } from "./find-fields.ts";
import { KernelMemory } from "./kernel-memory.ts";
import { matchLines } from "./match-lines.ts";
import { probesOf } from "./rare-bytes.ts";
import { readPush } from "./read-push.ts";
import { linesWith, linesWithAny } from "./search-lines.ts";
import type { KernelExports } from "./web-assembly.ts";

const snappyTableBytes = 32_768;
const tokenTableSlotsMin = 1024;

/** The kernels over an instance; what its memory cannot hold is done by `twins`. */
export function wasmKernels(wasm: KernelExports, twins: Kernels): Kernels {
  const memory = new KernelMemory(wasm.memory);

  return {
    isSimd: true,

    linesWith(bytes, needle, from, to) {
      checkLineSearch(bytes, needle, from, to);
      return linesWith(wasm, memory, bytes, needle, from, to) ?? twins.linesWith(bytes, needle, from, to);
    },

    linesWithAny(bytes, set, from, to) {
      checkRange(bytes, from, to);
      return linesWithAny(wasm, memory, bytes, set, from, to) ?? twins.linesWithAny(bytes, set, from, to);
    },

    matchLines: (...lines) => matchLines(wasm, memory, ...lines) ?? twins.matchLines(...lines),

    newlineOffsets(bytes, expected) {
      // Room for what is expected; when there are more, once again with room for all.
      let room = Math.min(expected, bytes.length);
      for (;;) {
        const addresses = memory.layOut(memory.roomFor(bytes), room * 4);
        if (addresses === undefined) {
          return twins.newlineOffsets(bytes, expected);
        }
        const [textAt, out] = addresses as [number, number];
        const text = memory.bring(bytes, textAt);
        const count = wasm.newlineOffsets(text, text + bytes.length, out, room);
        if (count <= room) {
          return memory.words(out, count).slice();
        }
        room = count;
      }
    },

    countNewlines(bytes) {
      const addresses = memory.layOut(bytes.length);
      return addresses === undefined
        ? twins.countNewlines(bytes)
        : wasm.countNewlines(addresses[0]!, memory.copyIn(bytes, addresses[0]!));
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
      const sourceEnd = memory.copyIn(block, source);
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
      const sourceEnd = memory.copyIn(bytes, source);
      memory.bytes.set(header, target);
      const targetEnd = wasm.snappyEncode(source, sourceEnd, target + header.length, table);
      return memory.bytes.slice(target, targetEnd);
    },

    readPush: (block, lengthMax) => readPush(wasm, memory, twins, block, lengthMax),

    escapeJsonLines: (...lines) => escapeJsonLines(wasm, memory, twins, ...lines),

    jsonFields(bytes, lineStarts, lineEnds, lines, names, isWhole) {
      const search = { bytes, lineStarts, lineEnds, lines, names };
      const found = jsonFields(wasm, memory, search, isWhole);
      return found ?? twins.jsonFields(bytes, lineStarts, lineEnds, lines, names, isWhole);
    },

    logfmtFields(bytes, lineStarts, lineEnds, lines, names, options) {
      const search = { bytes, lineStarts, lineEnds, lines, names };
      const found = logfmtFields(wasm, memory, search, options);
      return found ?? twins.logfmtFields(bytes, lineStarts, lineEnds, lines, names, options);
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
          end = memory.copyIn(part, end);
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

    packIds(bytes) {
      const addresses = memory.layOut(bytes.length, bytes.length, bytes.length >> 1, 8);
      if (addresses === undefined) {
        return twins.packIds(bytes);
      }
      const [start, text, ids, lengths] = addresses as [number, number, number, number];
      if (wasm.packIds(start, memory.copyIn(bytes, start), text, ids, lengths) !== 1) {
        return undefined;
      }
      const [textLength, idsLength] = memory.words(lengths, 2) as unknown as [number, number];
      return { text: memory.bytes.slice(text, text + textLength), ids: memory.bytes.slice(ids, ids + idsLength) };
    },

    textHolds(text, ids, length, needles) {
      const needleBytes = needles.reduce((most, needle) => Math.max(most, needle.length), 0);
      const idsBytes = ids === undefined ? 0 : memory.roomFor(ids);
      const addresses = memory.layOut(memory.roomFor(text), idsBytes, length, needleBytes, 4);
      if (addresses === undefined) {
        return twins.textHolds(text, ids, length, needles);
      }
      const [textAt, idsAt, out, needleAt, found] = addresses as [number, number, number, number, number];
      const source = memory.bring(text, textAt);
      const start = ids === undefined ? source : out;
      const isGood = ids === undefined ? text.length === length : putIdsBack(source, text, ids, idsAt, out, length);
      if (!isGood) {
        return undefined;
      }
      return needles.every((needle) => {
        if (needle.length === 0 || needle.length > length) {
          return needle.length === 0;
        }
        memory.copyIn(needle, needleAt);
        const [probeA, probeB] = probesOf(needle);
        return wasm.linesWith(start, start, start + length, needleAt, needle.length, probeA, probeB, found, 1) === 1;
      });
    },

    unpackIds(text, ids, length) {
      const addresses = memory.layOut(memory.roomFor(text), memory.roomFor(ids), length);
      if (addresses === undefined) {
        return twins.unpackIds(text, ids, length);
      }
      const [textAt, idsAt, out] = addresses as [number, number, number];
      return putIdsBack(memory.bring(text, textAt), text, ids, idsAt, out, length)
        ? memory.bytes.slice(out, out + length)
        : undefined;
    },

    reside: (sizesBytes) => memory.reside(sizesBytes),

    unpackIdsInto(text, ids, out) {
      const addresses = memory.layOut(memory.roomFor(text), memory.roomFor(ids), memory.roomFor(out));
      if (addresses === undefined) {
        return twins.unpackIdsInto(text, ids, out);
      }
      const [textAt, idsAt, outAt] = addresses as [number, number, number];
      const target = memory.roomFor(out) === 0 ? out.byteOffset : outAt;
      const isGood = putIdsBack(memory.bring(text, textAt), text, ids, idsAt, target, out.length);
      if (isGood && target === outAt) {
        out.set(memory.bytes.subarray(outAt, outAt + out.length));
      }
      return isGood;
    },
  };

  function putIdsBack(
    source: number,
    text: Uint8Array,
    ids: Uint8Array,
    idsAt: number,
    out: number,
    length: number,
  ): boolean {
    const idsStart = memory.bring(ids, idsAt);
    const idsEnd = idsStart + ids.length;
    return wasm.unpackIds(source, source + text.length, idsStart, idsEnd, out, out + length) === 1;
  }
}

/** A power of two. */
function tableSlots(wanted: number): number {
  return Math.max(tokenTableSlotsMin, 2 ** Math.ceil(Math.log2(wanted)));
}
