/**
 * Where `needle` first lies wholly inside `haystack[from, to)`, or -1. An empty needle is at `from`.
 *
 * The plain TypeScript twin of the search kernel: its oracle, and what runs where WebAssembly SIMD does not.
 */
export function indexOfBytes(haystack: Uint8Array, needle: Uint8Array, from: number, to: number): number {
  const length = needle.length;
  if (length === 0) {
    return from <= to ? from : -1;
  }
  const last = to - length;
  // The view ends where the needle's first byte may lie at the latest: beyond `to` nothing is searched.
  const window = haystack.subarray(0, Math.max(last + 1, 0));
  const first = needle[0]!;
  for (let at = window.indexOf(first, from); at !== -1; at = window.indexOf(first, at + 1)) {
    let matched = 1;
    while (matched < length && haystack[at + matched] === needle[matched]) {
      matched += 1;
    }
    if (matched === length) {
      return at;
    }
  }
  return -1;
}
