import type { LabelSharing } from "@sluice/chunk";
import { printLabels, type Labels } from "@sluice/model";

/**
 * Gives equal texts and label sets as one object, since a stream is in hundreds of segments: that saves their memory,
 * and lets who compares many of them go by identity. Over its bounds it begins anew; sets from before and after are then
 * equal but not the same.
 */
export class SharedLabels implements LabelSharing {
  readonly #setsMax: number;
  readonly #sets = new Map<string, Labels>();
  readonly #textsMax: number;
  readonly #texts = new Map<string, string>();

  constructor({ setsMax, textsMax }: { readonly setsMax: number; readonly textsMax: number }) {
    this.#setsMax = setsMax;
    this.#textsMax = textsMax;
  }

  labels(labels: Labels): Labels {
    return shared(this.#sets, printLabels(labels), labels, this.#setsMax);
  }

  text(text: string): string {
    return shared(this.#texts, text, text, this.#textsMax);
  }
}

function shared<Value>(known: Map<string, Value>, key: string, value: Value, most: number): Value {
  const found = known.get(key);
  if (found !== undefined) {
    return found;
  }
  if (known.size >= most) {
    known.clear();
  }
  known.set(key, value);
  return value;
}
