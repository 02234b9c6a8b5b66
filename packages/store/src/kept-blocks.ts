/** Blocks of which it is remembered that they were wanted. */
const namesMax = 65_536;
/** Of the blocks that are wanted again while the cache is full, every so many-th takes the place of another. */
const turnover = 16;

/**
 * Decides which of the blocks that searches look at are kept in memory. A search over more than fits must not push out
 * everything for blocks that the next search pushes out again; so a block is kept when it is wanted for the second time
 * and there is room, and without room now and then, so that what is kept does not grow old.
 */
export class KeptBlocks {
  readonly #hasRoomFor: (bytes: number) => boolean;
  /** Oldest first. */
  readonly #wanted = new Set<string>();
  #refused = 0;

  constructor(hasRoomFor: (bytes: number) => boolean) {
    this.#hasRoomFor = hasRoomFor;
  }

  isWorthKeeping(name: string, bytes: number): boolean {
    if (!this.#wanted.has(name)) {
      this.#wanted.add(name);
      if (this.#wanted.size > namesMax) {
        for (const oldest of this.#wanted) {
          this.#wanted.delete(oldest);
          break;
        }
      }
      return false;
    }
    if (this.#hasRoomFor(bytes)) {
      return true;
    }
    this.#refused = (this.#refused + 1) % turnover;
    return this.#refused === 0;
  }
}
