/** Keys of a JSON object whose text is a line's message: Loki's, in its order. */
const messageKeys = ["log", "message", "msg", "msg_", "_msg", "content"].map((key) => new TextEncoder().encode(key));

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const space = 0x20;

/** Where the message of a JSON line is. One object serves all lines. */
export class MessageField {
  /** Offsets in the batch's bytes, without the quotes. */
  start = 0;
  end = 0;

  /**
   * Finds the message in the line's outermost object, as it is written, escapes and all. It may be wrong about a line that
   * is no JSON, which does no harm.
   *
   * @returns whether there is one that is not empty.
   */
  find(bytes: Uint8Array, lineStart: number, lineEnd: number): boolean {
    if (bytes[lineStart] !== 0x7b) {
      return false;
    }
    let depth = 0;
    let best = messageKeys.length;
    for (let offset = lineStart; offset < lineEnd; offset++) {
      const code = bytes[offset]!;
      if (code === 0x7b || code === 0x5b) {
        depth += 1;
      } else if (code === 0x7d || code === 0x5d) {
        depth -= 1;
      } else if (code === quote) {
        const textStart = offset + 1;
        offset = textEnd(bytes, textStart, lineEnd);
        if (depth === 1) {
          const key = keyAt(bytes, textStart, offset, best);
          const valueStart = key === -1 ? -1 : textAfterColon(bytes, offset + 1, lineEnd);
          if (valueStart !== -1) {
            offset = textEnd(bytes, valueStart, lineEnd);
            if (offset > valueStart) {
              best = key;
              this.start = valueStart;
              this.end = offset;
            }
          }
        }
      }
      if (best === 0) {
        return true;
      }
    }
    return best < messageKeys.length;
  }
}

/** The offset of the quote that ends a text, or the end of the line. */
function textEnd(bytes: Uint8Array, start: number, lineEnd: number): number {
  let offset = start;
  while (offset < lineEnd && bytes[offset] !== quote) {
    offset += bytes[offset] === backslash ? 2 : 1;
  }
  return Math.min(offset, lineEnd);
}

/** The place among the keys of the text, when it is one of the first `keyCount`; -1 else. */
function keyAt(bytes: Uint8Array, start: number, end: number, keyCount: number): number {
  for (let i = 0; i < keyCount; i++) {
    const key = messageKeys[i]!;
    if (key.length === end - start && key.every((code, at) => bytes[start + at] === code)) {
      return i;
    }
  }
  return -1;
}

/** Where the text after a colon begins; -1 when there is no colon, or no text. */
function textAfterColon(bytes: Uint8Array, from: number, lineEnd: number): number {
  let offset = from;
  while (offset < lineEnd && bytes[offset] === space) {
    offset += 1;
  }
  if (bytes[offset] !== colon) {
    return -1;
  }
  offset += 1;
  while (offset < lineEnd && bytes[offset] === space) {
    offset += 1;
  }
  return offset < lineEnd && bytes[offset] === quote ? offset + 1 : -1;
}
