import { ServiceError } from "@sluice/model";

export interface QueryQueueOptions {
  /** How many may be inside at a time. */
  readonly placesMax: number;
  /** How many of one queue may wait. */
  readonly waitingMax: number;
}

interface Waiting {
  readonly enter: (leave: () => void) => void;
}

/**
 * Lets so many in at a time, and the others wait, in queues by who they are for. A place that becomes free goes to the
 * queue that has the fewest inside, of several such to the one that got a place the longest ago.
 */
export class QueryQueue {
  readonly #options: QueryQueueOptions;
  /** By queue; the one that was served last at the end. */
  readonly #waiting = new Map<string, Set<Waiting>>();
  readonly #inside = new Map<string, number>();
  #free: number;

  constructor(options: QueryQueueOptions) {
    this.#options = options;
    this.#free = options.placesMax;
  }

  get waitingCount(): number {
    let count = 0;
    for (const waiting of this.#waiting.values()) {
      count += waiting.size;
    }
    return count;
  }

  /**
   * Resolves when there is a place, to what gives it back.
   *
   * @throws {ServiceError} `rate_limited` when too many wait already; the signal's reason when it aborts first.
   */
  async enter(queue: string, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      return this.#take(queue);
    }
    const waiting = this.#waiting.get(queue) ?? new Set<Waiting>();
    if (waiting.size >= this.#options.waitingMax) {
      throw new ServiceError("rate_limited", "too many outstanding requests");
    }
    this.#waiting.set(queue, waiting);
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#remove(queue, one);
        reject(signal.reason as Error);
      };
      const one: Waiting = {
        enter(leave) {
          signal.removeEventListener("abort", giveUp);
          resolve(leave);
        },
      };
      waiting.add(one);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  #take(queue: string): () => void {
    this.#free -= 1;
    this.#inside.set(queue, (this.#inside.get(queue) ?? 0) + 1);
    let hasLeft = false;
    return () => {
      if (!hasLeft) {
        hasLeft = true;
        this.#leave(queue);
      }
    };
  }

  #leave(queue: string): void {
    this.#free += 1;
    const left = this.#inside.get(queue)! - 1;
    if (left === 0) {
      this.#inside.delete(queue);
    } else {
      this.#inside.set(queue, left);
    }
    this.#serve();
  }

  #serve(): void {
    let next: string | undefined;
    for (const queue of this.#waiting.keys()) {
      if (next === undefined || this.#insideOf(queue) < this.#insideOf(next)) {
        next = queue;
      }
    }
    if (next === undefined || this.#free === 0) {
      return;
    }
    const waiting = this.#waiting.get(next)!;
    const [first] = waiting;
    waiting.delete(first!);
    // Behind all others that wait.
    this.#waiting.delete(next);
    if (waiting.size > 0) {
      this.#waiting.set(next, waiting);
    }
    first!.enter(this.#take(next));
  }

  #insideOf(queue: string): number {
    return this.#inside.get(queue) ?? 0;
  }

  #remove(queue: string, one: Waiting): void {
    const waiting = this.#waiting.get(queue);
    waiting?.delete(one);
    if (waiting?.size === 0) {
      this.#waiting.delete(queue);
    }
  }
}
