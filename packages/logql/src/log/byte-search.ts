/**
 * Where `needle` first lies wholly inside `haystack[from, to)`, or -1. An empty needle is at `from`.
 */
export function indexOfBytes(haystack: Uint8Array, needle: Uint8Array, from: number, to: number): number {
  if (needle.length === 0) {
    return from;
  }
  const first = needle[0]!;
  const last = to - needle.length;
  for (let at = haystack.indexOf(first, from); at !== -1 && at <= last; at = haystack.indexOf(first, at + 1)) {
    let matched = 1;
    while (matched < needle.length && haystack[at + matched] === needle[matched]) {
      matched += 1;
    }
    if (matched === needle.length) {
      return at;
    }
  }
  return -1;
}
