/** Where lines lie: from the first byte of one of them to the last, and how many bytes they have together. */
export interface LineSpan {
  readonly start: number;
  readonly end: number;
  readonly lineBytes: number;
}

/**
 * The span of the lines `[from, to)`.
 *
 * @throws {RangeError} when one of them is not there, or not inside of `bytes`.
 */
export function spanOf(
  bytes: Uint8Array,
  lineStarts: Uint32Array,
  lineEnds: Uint32Array,
  from: number,
  to: number,
): LineSpan {
  if (!(from >= 0 && from <= to && to <= lineStarts.length && to <= lineEnds.length)) {
    throw new RangeError(`the lines [${from}, ${to}) are not all there`);
  }
  let start = bytes.length;
  let end = 0;
  let lineBytes = 0;
  for (let i = from; i < to; i++) {
    checkLine(bytes, lineStarts[i]!, lineEnds[i]!);
    start = Math.min(start, lineStarts[i]!);
    end = Math.max(end, lineEnds[i]!);
    lineBytes += lineEnds[i]! - lineStarts[i]!;
  }
  return { start: Math.min(start, end), end, lineBytes };
}

/** The same for lines by their numbers. */
export function spanOfLines(
  bytes: Uint8Array,
  lineStarts: Uint32Array,
  lineEnds: Uint32Array,
  lines: Uint32Array,
): LineSpan {
  let start = bytes.length;
  let end = 0;
  let lineBytes = 0;
  for (const line of lines) {
    if (line >= lineStarts.length || line >= lineEnds.length) {
      throw new RangeError(`the line ${line} is not there`);
    }
    checkLine(bytes, lineStarts[line]!, lineEnds[line]!);
    start = Math.min(start, lineStarts[line]!);
    end = Math.max(end, lineEnds[line]!);
    lineBytes += lineEnds[line]! - lineStarts[line]!;
  }
  return { start: Math.min(start, end), end, lineBytes };
}

function checkLine(bytes: Uint8Array, start: number, end: number): void {
  if (start > end || end > bytes.length) {
    throw new RangeError(`the line [${start}, ${end}) is not inside of ${bytes.length} bytes`);
  }
}
