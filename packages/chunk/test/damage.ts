import { ServiceError } from "@sluice/model";
import { expect } from "vitest";

/** Reads every truncation, and the bytes with every bit flipped: each must be read, or refused as corrupt. */
export function expectErrorOrSame(good: Uint8Array, read: (bytes: Uint8Array) => void): void {
  const attempt = (bytes: Uint8Array, how: string): void => {
    try {
      read(bytes);
    } catch (error) {
      expect(error, how).toBeInstanceOf(ServiceError);
      expect((error as ServiceError).code, how).toBe("corrupt");
    }
  };
  read(good);
  for (let length = 0; length < good.length; length++) {
    attempt(good.subarray(0, length), `cut at ${length}`);
  }
  for (let bit = 0; bit < good.length * 8; bit++) {
    attempt(good.with(bit >> 3, good[bit >> 3]! ^ (1 << (bit & 7))), `bit ${bit}`);
  }
}
