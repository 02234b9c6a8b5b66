import type { Rng } from "@sluice/model";

/** A seeded source of chance (mulberry32): the same seed gives the same run. */
export function seededRng(seed: number): Rng {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}

/** An integer in [0, bound). */
export function randomInt(rng: Rng, bound: number): number {
  return Math.floor(rng.next() * bound);
}

export function randomHex(rng: Rng, length: number): string {
  let out = "";
  for (let i = 0; i < length; i++) {
    out += randomInt(rng, 16).toString(16);
  }
  return out;
}

export function randomUuid(rng: Rng): string {
  const hex = randomHex(rng, 32);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function pick<T>(rng: Rng, items: readonly T[]): T {
  return items[randomInt(rng, items.length)]!;
}
