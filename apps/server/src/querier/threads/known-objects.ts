/** References to objects, and those among them that the other side does not know yet. */
export interface SentObjects<Item> {
  /** The number of each object that is meant, in order. */
  readonly ids: Uint32Array;
  /** Objects that are new to the other side, numbered from `firstId` on. */
  readonly added: readonly Item[];
  readonly firstId: number;
  /** Whether all that were known before are to be forgotten. */
  readonly startsAnew: boolean;
}

/** Objects that one side remembers. */
const knownMax = 200_000;

/**
 * Sends objects that never change to another thread, each of them once: a query over ten thousand segments or streams
 * has them all, and hardly one of them is new.
 */
export class ObjectSender<Item extends object> {
  readonly #knownMax: number;
  readonly #ids = new Map<Item, number>();
  #next = 0;

  constructor(most = knownMax) {
    this.#knownMax = most;
  }

  /** Of the objects those that the other side does not know, each once. */
  unknownOf(items: readonly Item[]): readonly Item[] {
    return [...new Set(items.filter((item) => !this.#ids.has(item)))];
  }

  send(items: readonly Item[]): SentObjects<Item> {
    let added = this.unknownOf(items);
    const startsAnew = added.length > 0 && this.#ids.size + added.length > this.#knownMax;
    if (startsAnew) {
      this.#ids.clear();
      added = this.unknownOf(items);
    }
    const firstId = this.#next;
    for (const item of added) {
      this.#ids.set(item, this.#next);
      this.#next = (this.#next + 1) >>> 0;
    }
    return { ids: Uint32Array.from(items, (item) => this.#ids.get(item)!), added, firstId, startsAnew };
  }
}

/** The other side of an {@link ObjectSender}; it has to get all messages, in order. */
export class ObjectReceiver<Item> {
  readonly #items = new Map<number, Item>();

  receive({ ids, added, firstId, startsAnew }: SentObjects<Item>): Item[] {
    if (startsAnew) {
      this.#items.clear();
    }
    for (const [i, item] of added.entries()) {
      this.#items.set((firstId + i) >>> 0, item);
    }
    return Array.from(ids, (id) => this.#items.get(id)!);
  }
}
