import { printLabels, type Labels } from "@sluice/model";

/**
 * Gives equal label sets as one object, since a stream is in hundreds of segments: that saves their memory, and lets
 * who compares many of them go by identity. Over `setsMax` it begins anew; sets from before and after are then equal but
 * not the same.
 */
export class SharedLabels {
  readonly #setsMax: number;
  readonly #known = new Map<string, Labels>();

  constructor(setsMax: number) {
    this.#setsMax = setsMax;
  }

  share(labels: Labels): Labels {
    const text = printLabels(labels);
    const known = this.#known.get(text);
    if (known !== undefined) {
      return known;
    }
    if (this.#known.size >= this.#setsMax) {
      this.#known.clear();
    }
    this.#known.set(text, labels);
    return labels;
  }
}
