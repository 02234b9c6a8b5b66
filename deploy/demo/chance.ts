import type { Rng } from "@sluice/model";

/** A number in [from, to). */
export function between(rng: Rng, from: number, to: number): number {
  return from + rng.next() * (to - from);
}

/** An integer in [from, to]. */
export function integerBetween(rng: Rng, from: number, to: number): number {
  return from + Math.floor(rng.next() * (to - from + 1));
}

export function pick<T>(rng: Rng, items: readonly T[]): T {
  return items[Math.floor(rng.next() * items.length)]!;
}

export function hex(rng: Rng, length: number): string {
  return textOf(rng, "0123456789abcdef", length);
}

/** A ReplicaSet's hash, of the ten characters that Kubernetes' encoding of one can have. */
export function replicaSetHash(rng: Rng): string {
  return textOf(rng, "456789bcdf", 10);
}

/** Letters and digits as Kubernetes draws them for pod names: no vowels, so that no word comes out. */
export function podSuffix(rng: Rng): string {
  return textOf(rng, "bcdfghjklmnpqrstvwxz2456789", 5);
}

export function uuid(rng: Rng): string {
  return [8, 4, 4, 4, 12].map((length) => hex(rng, length)).join("-");
}

function textOf(rng: Rng, alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[Math.floor(rng.next() * alphabet.length)]!).join("");
}
