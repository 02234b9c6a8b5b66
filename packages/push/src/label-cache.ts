import type { LabelPair } from "@sluice/model";
import { parseStreamLabels } from "./stream-labels.ts";

const bytesMaxDefault = 64 * 1024 * 1024;

/**
 * Reads label texts as {@link parseStreamLabels} does, each different one once: a stream sends the same text with every
 * push. What was not asked for while `bytesMax / 2` bytes of others were is forgotten. Errors are not kept.
 */
export class LabelCache {
  readonly #bytesMax: number;
  #recent = new Map<string, readonly LabelPair[]>();
  #recentBytes = 0;
  #older = new Map<string, readonly LabelPair[]>();

  /** @param bytesMax memory that it may take, about; the default holds some eighty thousand streams of pods. */
  constructor(bytesMax: number = bytesMaxDefault) {
    this.#bytesMax = bytesMax;
  }

  /** @throws {ServiceError} as {@link parseStreamLabels} does. */
  read(text: string): readonly LabelPair[] {
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

  #keep(text: string, labels: readonly LabelPair[]): void {
    const bytes = bytesOf(text, labels);
    if (bytes > this.#bytesMax / 2) {
      return;
    }
    if (this.#recentBytes + bytes > this.#bytesMax / 2) {
      this.#older = this.#recent;
      this.#recent = new Map();
      this.#recentBytes = 0;
    }
    this.#older.delete(text);
    this.#recent.set(text, labels);
    this.#recentBytes += bytes;
  }
}

/** Memory of one text with its labels, about: short texts cost what is around them. */
function bytesOf(text: string, labels: readonly LabelPair[]): number {
  return 250 + text.length * 2 + labels.length * 64;
}
