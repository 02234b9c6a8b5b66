import type { Labels } from "@sluice/model";
import { parseStreamLabels } from "./stream-labels.ts";

/** About what the texts of a hundred thousand streams take, and as much again for their labels. */
const charactersMaxDefault = 16_777_216;

/**
 * Reads label texts as {@link parseStreamLabels} does, each different one once: a stream sends the same text with every
 * push. What was not asked for while `charactersMax / 2` characters of others were is forgotten. Errors are not kept.
 */
export class LabelCache {
  readonly #charactersMax: number;
  #recent = new Map<string, Labels>();
  #recentCharacters = 0;
  #older = new Map<string, Labels>();

  constructor(charactersMax: number = charactersMaxDefault) {
    this.#charactersMax = charactersMax;
  }

  /** @throws {ServiceError} as {@link parseStreamLabels} does. */
  read(text: string): Labels {
    const known = this.#recent.get(text);
    if (known !== undefined) {
      return known;
    }
    const labels = this.#older.get(text) ?? parseStreamLabels(text);
    this.#keep(text, labels);
    return labels;
  }

  /** How many different texts it holds. */
  get size(): number {
    return this.#recent.size + this.#older.size;
  }

  #keep(text: string, labels: Labels): void {
    if (text.length > this.#charactersMax / 2) {
      return;
    }
    if (this.#recentCharacters + text.length > this.#charactersMax / 2) {
      this.#older = this.#recent;
      this.#recent = new Map();
      this.#recentCharacters = 0;
    }
    this.#older.delete(text);
    this.#recent.set(text, labels);
    this.#recentCharacters += text.length;
  }
}
