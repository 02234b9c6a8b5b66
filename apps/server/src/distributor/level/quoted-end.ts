const quote = 0x22;
const backslash = 0x5c;
const stops = Uint8Array.from({ length: 256 }, (_, code) => (code === quote || code === backslash ? 1 : 0));

/**
 * Where the `"` is that ends a quoted text, `end` when there is none.
 *
 * @param start behind the `"` that begins it.
 */
export function quotedEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (;;) {
    while (at < end && stops[bytes[at]!] === 0) {
      at += 1;
    }
    if (at >= end || bytes[at] === quote) {
      return Math.min(at, end);
    }
    at += 2;
  }
}
