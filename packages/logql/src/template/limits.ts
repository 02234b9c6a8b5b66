import { CallError } from "./template-error.ts";

/** How long what a template makes may get, in UTF-16 units. Go has no bound; a line is far shorter. */
export const textLengthMax = 10_000_000;

/**
 * How much an execution may do: about one unit for an action, a call, an argument or a field, and one for each sixteen
 * characters of what goes into a function and comes out, or variables that are looked through. Go has no bound.
 */
export const workMax = 2_000_000;

/** The message when a text gets too long. */
export const tooLong = `template output exceeds ${textLengthMax} bytes`;

/** To be called before a text is made that may be long. */
export function checkLength(length: number): void {
  if (length > textLengthMax) {
    throw new CallError(tooLong);
  }
}
