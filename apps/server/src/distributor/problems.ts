import { Discarded, type Amount, type DiscardReason } from "./discard-reasons.ts";

/** Different texts that one answer tells. */
const toldMax = 100;
/** Problems whose texts are made at all: a push of millions of bad entries must not hold everybody else up. */
const madeMax = 10_000;

/**
 * Why parts of a push were refused. It stays small whatever the push holds: beyond its bounds, problems are only
 * counted.
 */
export class Problems {
  /** How often, by text. */
  readonly #told = new Map<string, number>();
  #made = 0;
  #untold = 0;
  /** How much is not stored for them. */
  readonly discarded = new Discarded();

  /** @param makeText one sentence in Loki's words; called only when it may be told. */
  add(reason: DiscardReason, amount: Amount, makeText: () => string): void {
    this.discarded.add(reason, amount);
    if (this.#made === madeMax) {
      this.#untold += 1;
      return;
    }
    this.#made += 1;
    const text = makeText();
    const times = this.#told.get(text);
    if (times !== undefined || this.#told.size < toldMax) {
      this.#told.set(text, (times ?? 0) + 1);
    } else {
      this.#untold += 1;
    }
  }

  /** How many there were, told or not. */
  get count(): number {
    return this.#untold + this.#told.values().reduce((sum, times) => sum + times, 0);
  }

  /** Loki's way to tell several errors in one answer: equal ones are counted, different ones joined. */
  print(): string {
    const texts = [...this.#told].map(([text, times]) => (times === 1 ? text : `${times} errors like: ${text}`));
    return [...texts, ...(this.#untold === 0 ? [] : [`and ${this.#untold} more`])].join("; ");
  }
}
