/** Nanoseconds of a UTC day; no leap seconds, as everywhere. */
export const dayNs = 86_400_000_000_000;

const dayNsBig = BigInt(dayNs);

/** The UTC day that holds the time, counted from the epoch. */
export function dayOf(timestampNs: bigint): number {
  const day = timestampNs / dayNsBig;
  return Number(timestampNs < 0n && day * dayNsBig !== timestampNs ? day - 1n : day);
}

/** The first nanosecond of the day. */
export function dayStartNs(day: number): bigint {
  return BigInt(day) * dayNsBig;
}
