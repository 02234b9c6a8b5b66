import { createHash } from "node:crypto";
import type { LabelSharing, StreamIndex } from "@sluice/chunk";
import { printLabels, type Labels } from "@sluice/model";

export interface SharedLabelsOptions {
  readonly setsMax: number;
  readonly textsMax: number;
  /** Memory for stream indexes, beside the footers that have them. */
  readonly indexBytesMax: number;
}

/**
 * Gives equal texts, label sets and stream indexes as one object, since a stream is in hundreds of segments, and one
 * flush mostly has the streams of the one before: that saves their memory, and lets who compares many of them go by
 * identity. Over its bounds it begins anew; what came before and after is then equal but not the same.
 *
 * An index takes a megabyte for ten thousand streams, so that they are bounded by their bytes. What is shared must not
 * depend on the garbage collector: a simulation would not run twice in the same way.
 */
export class SharedLabels implements LabelSharing {
  readonly #options: SharedLabelsOptions;
  readonly #sets = new Map<string, Labels>();
  readonly #texts = new Map<string, string>();
  readonly #indexes = new Map<string, StreamIndex>();
  #indexBytes = 0;

  constructor(options: SharedLabelsOptions) {
    this.#options = options;
  }

  labels(labels: Labels): Labels {
    return shared(this.#sets, printLabels(labels), this.#options.setsMax, labels);
  }

  text(text: string): string {
    return shared(this.#texts, text, this.#options.textsMax, text);
  }

  index(content: Uint8Array, read: () => StreamIndex): StreamIndex {
    const digest = createHash("sha256").update(content).digest("base64");
    const known = this.#indexes.get(digest);
    if (known !== undefined) {
      return known;
    }
    const index = read();
    if (this.#indexBytes + index.sizeBytes > this.#options.indexBytesMax) {
      this.#indexes.clear();
      this.#indexBytes = 0;
    }
    this.#indexes.set(digest, index);
    this.#indexBytes += index.sizeBytes;
    return index;
  }
}

function shared<Value>(known: Map<string, Value>, key: string, most: number, value: Value): Value {
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
