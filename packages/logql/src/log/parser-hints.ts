import { errorLabel, type LineLabels } from "./line-labels.ts";

/**
 * What of a line the rest of the query needs, so that a parser can leave out the rest. Beyond speed it decides answers:
 * as in Loki, a line that is broken behind the last field that is needed gives no error.
 */
export interface ParserHints {
  /** Nothing is needed: parsers do nothing at all. */
  readonly noLabels: boolean;
  /** The only labels needed; undefined when every label may be. */
  readonly required: ReadonlySet<string> | undefined;
  /** The query names `__error__`, so that errors reach the result instead of failing the query. */
  readonly preserveError: boolean;
}

export const everyLabel: ParserHints = { noLabels: false, required: undefined, preserveError: false };

/** Hints for when only the labels in `names` are needed. */
export function onlyLabels(names: Iterable<string>): ParserHints {
  const required = new Set<string>();
  for (const name of names) {
    required.add(name);
    // A parser gives the suffix only after it has seen the collision.
    required.add(name.replace(/_extracted$/u, ""));
  }
  return required.size === 0
    ? { noLabels: true, required: undefined, preserveError: false }
    : { noLabels: false, required, preserveError: required.has(errorLabel) };
}

export function isRequired({ required }: ParserHints, name: string): boolean {
  return required === undefined || required.has(name);
}

/** Whether a label whose name begins with `prefix` is needed. */
export function isRequiredPrefix({ required }: ParserHints, prefix: string): boolean {
  if (required === undefined) {
    return true;
  }
  for (const name of required) {
    if (name.startsWith(prefix)) {
      return true;
    }
  }
  return false;
}

/** Whether a parser can stop here. */
export function isSatisfied({ noLabels, required }: ParserHints, labels: LineLabels): boolean {
  if (required === undefined) {
    return noLabels;
  }
  for (const name of required) {
    if (!labels.isParsed(name)) {
      return false;
    }
  }
  return true;
}
