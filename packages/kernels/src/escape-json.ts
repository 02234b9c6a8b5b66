import { spanOf } from "./line-span.ts";

/** Lines as the insides of JSON strings, one behind the other. */
export interface EscapedLines {
  readonly bytes: Uint8Array;
  /** Where each line's text ends in `bytes`, and the next one's begins. */
  readonly ends: Uint32Array;
}

/** A byte becomes at most `\u0000`. */
export const escapedLengthMax = 6;

/**
 * The lines `[from, to)` of `bytes` as they stand between the quotes of JSON strings: what JSON.stringify makes of their
 * text, in UTF-8. Invalid UTF-8 becomes U+FFFD as in TextDecoder, a byte order mark stays. The plain TypeScript twin of
 * the kernel.
 *
 * @throws {RangeError} when a line is none of `bytes`, or a line of the range is missing.
 */
export function escapeJsonLines(
  bytes: Uint8Array,
  lineStarts: Uint32Array,
  lineEnds: Uint32Array,
  from: number,
  to: number,
): EscapedLines {
  spanOf(bytes, lineStarts, lineEnds, from, to);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const encoder = new TextEncoder();
  const ends = new Uint32Array(to - from);
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let i = from; i < to; i++) {
    const text = JSON.stringify(decoder.decode(bytes.subarray(lineStarts[i], lineEnds[i])));
    const part = encoder.encode(text.slice(1, -1));
    parts.push(part);
    length += part.length;
    ends[i - from] = length;
  }
  const out = new Uint8Array(length);
  for (const [i, part] of parts.entries()) {
    out.set(part, i === 0 ? 0 : ends[i - 1]);
  }
  return { bytes: out, ends };
}
