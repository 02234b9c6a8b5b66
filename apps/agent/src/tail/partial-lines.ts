import { readSync } from "node:fs";

/**
 * The parts of one CRI line that its runtime split (tag `P`): only where they are in the file. When the last part comes
 * they are read again, from the page cache; so thousands of files with open lines hold no text in memory.
 */
export class PartialLine {
  readonly #starts: number[] = [];
  readonly #lengths: number[] = [];
  #lengthBytes = 0;
  #isTooLong = false;
  /** The time of the newest part. */
  seconds = 0;
  nanos = 0;

  get isOpen(): boolean {
    return this.#starts.length > 0;
  }

  /** Whether parts were left out because the line was too long. */
  get isTruncated(): boolean {
    return this.#isTooLong;
  }

  /** @param start the file offset of the part's text. */
  add(start: number, lengthBytes: number, lineBytesMax: number): void {
    if (this.isOpen && (this.#lengthBytes >= lineBytesMax || this.#starts.length >= partsMax)) {
      this.#isTooLong = true;
      return;
    }
    this.#starts.push(start);
    this.#lengths.push(lengthBytes);
    this.#lengthBytes += lengthBytes;
  }

  /** Reads the parts into `target`, as far as they fit; @returns how many bytes it has now. */
  readInto(target: Uint8Array, fd: number): number {
    let filled = 0;
    for (const [i, start] of this.#starts.entries()) {
      const wanted = Math.min(this.#lengths[i]!, target.length - filled);
      this.#isTooLong ||= wanted < this.#lengths[i]!;
      filled += wanted === 0 ? 0 : readSync(fd, target, filled, wanted, start);
    }
    return filled;
  }

  clear(): void {
    this.#starts.length = 0;
    this.#lengths.length = 0;
    this.#lengthBytes = 0;
    this.#isTooLong = false;
  }
}

const partsMax = 10_000;
