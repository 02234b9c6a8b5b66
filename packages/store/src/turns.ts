import { setImmediate } from "node:timers/promises";

/** Each kind of work (decoding, merging, encoding) on this many bytes of lines takes a few milliseconds at most. */
const bytesPerTurn = 256 * 1024;
/** What a small piece of work costs at least, as bytes. */
const bytesPerPiece = 16 * 1024;

/** Lets others have their turn in the midst of long work. */
export class Turns {
  #spentBytes = 0;

  /** To be called for every piece of the work. */
  async spend(bytes: number): Promise<void> {
    this.#spentBytes += bytes + bytesPerPiece;
    if (this.#spentBytes >= bytesPerTurn) {
      this.#spentBytes = 0;
      await setImmediate();
    }
  }
}
