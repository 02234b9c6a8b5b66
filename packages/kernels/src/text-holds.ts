import { indexOfBytes } from "./byte-search.ts";
import { unpackIds } from "./packed-ids.ts";

/**
 * Whether a text holds all of the needles, wherever.
 *
 * @param ids when the text has marks in their places, as {@link packIds} makes them.
 * @param length of the text with the ids.
 * @returns undefined when text and ids do not fit the length.
 */
export function textHolds(
  text: Uint8Array,
  ids: Uint8Array | undefined,
  length: number,
  needles: readonly Uint8Array[],
): boolean | undefined {
  const whole = ids === undefined ? text : unpackIds(text, ids, length);
  if (whole === undefined || whole.length !== length) {
    return undefined;
  }
  return needles.every((needle) => indexOfBytes(whole, needle, 0, whole.length) !== -1);
}
