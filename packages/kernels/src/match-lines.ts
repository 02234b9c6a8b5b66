import { spanOfLines } from "./line-span.ts";

/**
 * A regular expression as a deterministic automaton over bytes, of which as much is known as texts have needed so far.
 * `@sluice/model`'s `compileRe2Bytes` makes one.
 */
export interface LineRegex {
  /** Whether a line matches. It fills in what of the table was missing for this line. */
  test(bytes: Uint8Array, start: number, end: number): boolean;
  /** By byte: its column. */
  readonly byteClasses: Uint8Array;
  /** The last column, that of the end of a line. */
  readonly endColumn: number;
  /**
   * Rows of `endColumn + 1` cells. A state is the cell at which its row begins. Row 0 is what is not known yet, row 1 a
   * match, row 2 a dead end; they lead to themselves.
   */
  readonly cells: Int32Array;
  /** How many cells are in use. */
  readonly cellCount: number;
  /** Another number after the table was begun anew. */
  readonly generation: number;
  readonly startState: number;
}

/**
 * Which of the lines match, in their order. The plain TypeScript twin of the kernel.
 *
 * @param lines numbers of lines.
 * @throws {RangeError} when one of them is not there, or not inside of `bytes`.
 */
export function matchLines(
  bytes: Uint8Array,
  lineStarts: Uint32Array,
  lineEnds: Uint32Array,
  lines: Uint32Array,
  regex: LineRegex,
): Uint32Array {
  spanOfLines(bytes, lineStarts, lineEnds, lines);
  return lines.filter((line) => regex.test(bytes, lineStarts[line]!, lineEnds[line]!));
}
