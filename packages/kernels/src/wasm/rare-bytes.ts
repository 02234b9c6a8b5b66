/**
 * Bytes of log lines from frequent to rare, as far as it matters: what stands first is compared last. Made from a
 * mixture of JSON, logfmt and access log lines; a wrong guess costs speed only.
 */
const frequent = new TextEncoder().encode(
  ` "e0t1as2ino:r3,5c4d67l89=m-p.uTfghvby/_w{}kIOEGRZqSNxjDFACLPzM[]WH+\\();?J'%BUVKY`,
);

/** By byte: the higher, the more frequent. */
const ranks = new Uint8Array(256);
for (const [i, byte] of frequent.entries()) {
  ranks[byte] = 255 - i;
}

/** The offsets of the two bytes of the needle that are likely to be the rarest; equal in a needle of one byte. */
export function probesOf(needle: Uint8Array): [number, number] {
  let first = 0;
  for (let i = 1; i < needle.length; i++) {
    if (ranks[needle[i]!]! < ranks[needle[first]!]!) {
      first = i;
    }
  }
  let second = first === 0 ? needle.length - 1 : 0;
  for (let i = 0; i < needle.length; i++) {
    // Different bytes say more together than the same one twice.
    const isBetter = ranks[needle[i]!]! < ranks[needle[second]!]! || needle[second] === needle[first];
    if (i !== first && needle[i] !== needle[first] && isBetter) {
      second = i;
    }
  }
  return [first, second];
}
