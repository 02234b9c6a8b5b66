import type { Rng } from "@sluice/model";

/** Something that waits for its turn. */
interface Waiting {
  readonly owner: object;
  readonly what: string;
  /** Not before this step, as long as others can go on. */
  readonly notBefore: number;
  readonly resume: () => void;
}

export interface SchedulerOptions {
  readonly rng: Rng;
  /** More steps than this are no progress any more. */
  readonly stepsMax: number;
  /** Called before each step; the place for crashes and for time to go on. */
  readonly beforeStep?: () => void;
  /** Told of each step that is taken. */
  readonly onStep?: (owner: object, what: string) => void;
}

/** How many steps something slow waits at most. */
const slowSteps = 60;

/**
 * Decides, by its seed alone, in which order everything that waits goes on. Whatever takes time in a simulation (an
 * operation of a disk, a request, a pause) waits for a step; between two steps all code runs as far as it gets.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  #waiting: Waiting[] = [];
  #stepCount = 0;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  get stepCount(): number {
    return this.#stepCount;
  }

  /** Resolves when it is `what`'s turn; never, once its owner was dropped. */
  step(owner: object, what: string): Promise<void> {
    const { rng } = this.#options;
    const notBefore = rng.next() < 0.05 ? this.#stepCount + Math.floor(rng.next() * slowSteps) : 0;
    return new Promise((resume) => this.#waiting.push({ owner, what, notBefore, resume }));
  }

  /** The owner is gone: nothing that it waits for ever happens. */
  drop(owner: object): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.owner !== owner);
  }

  /**
   * Takes steps until `work` is done.
   *
   * @throws {Error} when nothing can go on though it is not done, or it takes too many steps; what `work` rejects with.
   */
  async run<Result>(work: Promise<Result>): Promise<Result> {
    let isDone = false;
    const finished = work.finally(() => (isDone = true));
    finished.catch(() => {});
    let idleTurns = 0;
    for (;;) {
      // In one turn of the event loop all promises settle that can.
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone) {
        return finished;
      }
      const next = this.#take();
      idleTurns = next === undefined ? idleTurns + 1 : 0;
      if (idleTurns > 1000) {
        throw new Error("the simulation stands still: nothing waits for a step, and it is not done");
      }
      if (next !== undefined) {
        this.#options.onStep?.(next.owner, next.what);
        next.resume();
      }
    }
  }

  #take(): Waiting | undefined {
    const { rng, beforeStep, stepsMax } = this.#options;
    if (this.#waiting.length === 0) {
      return undefined;
    }
    beforeStep?.();
    this.#stepCount += 1;
    if (this.#stepCount > stepsMax) {
      throw new Error(`the simulation does not come to an end within ${stepsMax} steps`);
    }
    const due = this.#waiting.filter(({ notBefore }) => notBefore <= this.#stepCount);
    const candidates = due.length > 0 ? due : this.#waiting;
    const chosen = candidates[Math.floor(rng.next() * candidates.length)];
    this.#waiting = this.#waiting.filter((waiting) => waiting !== chosen);
    return chosen;
  }
}
