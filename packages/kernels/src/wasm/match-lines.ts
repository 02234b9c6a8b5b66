import { spanOfLines } from "../line-span.ts";
import type { LineRegex } from "../match-lines.ts";
import type { KernelMemory } from "./kernel-memory.ts";
import type { KernelExports } from "./web-assembly.ts";

/** Room for a table to grow into. */
const cellBytesMin = 65_536;

/**
 * Where something is missing in the table, the expression itself tests a line and fills it in; then the table is copied
 * again. As that costs more than a line when the table is large, a few more lines are tested so before.
 */
const copiedBytesPerTested = 16;

/** @returns undefined when the kernels' memory is too small. */
export function matchLines(
  wasm: KernelExports,
  memory: KernelMemory,
  bytes: Uint8Array,
  lineStarts: Uint32Array,
  lineEnds: Uint32Array,
  lines: Uint32Array,
  regex: LineRegex,
): Uint32Array | undefined {
  const { start, end } = spanOfLines(bytes, lineStarts, lineEnds, lines);
  const count = lines.length;
  const span = bytes.subarray(start, end);
  const roomBytes = Math.max(cellBytesMin, regex.cellCount * 8);
  const sizes = [lineStarts.length * 4, lineEnds.length * 4, count * 4, 256, roomBytes, (count + 1) * 4];
  const addresses = memory.layOut(memory.roomFor(span), ...sizes);
  if (addresses === undefined) {
    return undefined;
  }
  const [textAt, startsIn, endsIn, linesIn, classes, cells, out] = addresses as [
    ...[number, number, number, number, number, number, number],
  ];
  const base = memory.bring(span, textAt) - start;
  memory.words(startsIn, lineStarts.length).set(lineStarts);
  memory.words(endsIn, lineEnds.length).set(lineEnds);
  memory.words(linesIn, count).set(lines);
  memory.copyIn(regex.byteClasses, classes);
  const addressesOfLines = [startsIn, endsIn, linesIn] as const;
  const found = memory.words(out, count + 1);
  found[0] = 0;
  const test = (index: number): void => {
    const line = lines[index]!;
    if (regex.test(bytes, lineStarts[line]!, lineEnds[line]!)) {
      found[0]! += 1;
      found[found[0]!] = line;
    }
  };
  for (let index = 0; index < count;) {
    if (regex.cellCount * 4 > roomBytes) {
      test(index++);
      continue;
    }
    // It may be a new state, which has cells then.
    const { startState } = regex;
    memory.words(cells, regex.cellCount).set(regex.cells.subarray(0, regex.cellCount));
    const { endColumn } = regex;
    index = wasm.matchLines(base, ...addressesOfLines, index, count, classes, cells, endColumn, startState, out);
    let debtBytes = (regex.cellCount * 4) / copiedBytesPerTested;
    do {
      if (index < count) {
        test(index);
        debtBytes -= lineEnds[lines[index]!]! - lineStarts[lines[index]!]! + 1;
        index += 1;
      }
    } while (index < count && debtBytes > 0);
  }
  return found.slice(1, found[0] + 1);
}
