import { checkLength } from "../limits.ts";
import { characterCount, truncate } from "./characters.ts";

/** What stands between `%` and the verb. */
export interface Flags {
  width: number | undefined;
  precision: number | undefined;
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  /** `%+v` and `%#v`, which mean something else than with other verbs. */
  plusV: boolean;
  sharpV: boolean;
}

export const noFlags: Readonly<Flags> = {
  width: undefined,
  precision: undefined,
  minus: false,
  plus: false,
  sharp: false,
  space: false,
  zero: false,
  plusV: false,
  sharpV: false,
};

/** Fills a text up to the width, with zeros before it if so flagged. */
export function pad(text: string, flags: Readonly<Flags>): string {
  if (flags.width === undefined) {
    return text;
  }
  const missing = flags.width - characterCount(text);
  if (missing <= 0) {
    return text;
  }
  checkLength(flags.width);
  return flags.minus ? text + " ".repeat(missing) : (flags.zero ? "0" : " ").repeat(missing) + text;
}

/** {@link pad}, never with zeros. */
export function padWithSpaces(text: string, flags: Readonly<Flags>): string {
  return pad(text, { ...flags, zero: false });
}

/** Cuts a text to as many characters as the precision says. */
export function truncateTo({ precision }: Readonly<Flags>, text: string): string {
  return precision === undefined ? text : truncate(text, precision);
}
