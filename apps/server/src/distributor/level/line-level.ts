import type { LevelFields } from "./level-fields.ts";
import { unknownLevel, type LevelIndex } from "./level.ts";
import { levelInJson, looksLikeJson } from "./json-level.ts";
import { levelInLogfmt } from "./logfmt-level.ts";
import { levelOfWords } from "./level-words.ts";

const equalSign = 0x3d;

export interface LineLevelOptions {
  readonly fields: LevelFields;
  /** Objects inside each other in which a JSON line's level is looked for; 0 means any number, up to 100. */
  readonly jsonDepthMax: number;
}

/**
 * Finds the levels of lines: in a JSON or logfmt field, else by the leftmost word that is one. Works on bytes, and is
 * called for every line of every push.
 */
export class LineLevels {
  readonly #bytes: Uint8Array;
  readonly #options: LineLevelOptions;
  /** Where the next `=` is, at or after the last line; a native search for each costs less than a loop over all bytes. */
  #nextEqualSign = -1;
  /** Where the search began that found it. */
  #searchedFrom = 0;

  constructor(bytes: Uint8Array, options: LineLevelOptions) {
    this.#bytes = bytes;
    this.#options = options;
  }

  /** The level of the line `[start, end)`; lines are best asked for in their order. */
  levelOf(start: number, end: number): LevelIndex {
    const bytes = this.#bytes;
    const { fields, jsonDepthMax } = this.#options;
    let level = unknownLevel;
    if (looksLikeJson(bytes, start, end)) {
      level = levelInJson(bytes, start, end, fields, jsonDepthMax);
    } else if (this.#holdsEqualSign(start, end)) {
      level = levelInLogfmt(bytes, start, end, fields);
    }
    return level === unknownLevel ? levelOfWords(bytes, start, end) : level;
  }

  #holdsEqualSign(start: number, end: number): boolean {
    if (start < this.#searchedFrom) {
      // Lines that come out of order are searched each by itself: the rest of the push must not be searched for each.
      return this.#bytes.subarray(start, end).includes(equalSign);
    }
    if (this.#nextEqualSign < start) {
      const found = this.#bytes.indexOf(equalSign, start);
      this.#nextEqualSign = found === -1 ? this.#bytes.length : found;
      this.#searchedFrom = start;
    }
    return this.#nextEqualSign < end;
  }
}
