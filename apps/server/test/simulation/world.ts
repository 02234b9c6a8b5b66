import type { Clock, FileSystem, Rng } from "@sluice/model";
import { randomDiskFault, randomInt, Scheduler, seededRng, type FaultDisk } from "@sluice/testkit";

/** 2026-11-25T00:03:00Z: lines that are some minutes old are of the day before. */
const startMs = 1_795_564_980_000;
const stepsMax = 60_000;

/** Half of this is how long an upload may take, so that it must be long against the jumps of time. */
export const segmentDeleteDelayMs = 120_000;

export type Ending = "kill -9" | "power cut" | "exit";

/** How much goes wrong, chosen once for a world. */
interface FaultRates {
  readonly disk: number;
  readonly bucket: number;
  readonly fullDisk: number;
}

/** What the processes of one simulation share: chance, time, and the order of steps. */
export class World {
  readonly seed: number;
  readonly rng: Rng;
  readonly scheduler: Scheduler;
  /** Whether segments are in the bucket; otherwise they are on the one machine's disk. */
  readonly hasBucket: boolean;
  #rates: FaultRates;
  nowMs = startMs;
  readonly #processes = new Set<Process>();
  readonly #tell: ((line: string) => void) | undefined;

  constructor(seed: number, tell: ((line: string) => void) | undefined) {
    const rng = seededRng(seed);
    this.seed = seed;
    this.rng = rng;
    this.#tell = tell;
    this.hasBucket = seed % 2 === 0;
    this.#rates = {
      disk: pickOne(rng, [0, 0, 0.002, 0.01]),
      bucket: pickOne(rng, [0, 0.02, 0.1, 0.25]),
      fullDisk: pickOne(rng, [0, 0.2, 0.5]),
    };
    this.scheduler = new Scheduler({
      rng,
      stepsMax,
      beforeStep: () => this.#beforeStep(),
      onStep: (owner, what) => this.tell(owner instanceof Process ? owner.name : "client", what),
    });
    this.tell("world", JSON.stringify({ hasBucket: this.hasBucket, ...this.#rates }));
  }

  get rates(): FaultRates {
    return this.#rates;
  }

  /** From now on nothing goes wrong. */
  calmDown(): void {
    this.#rates = { disk: 0, bucket: 0, fullDisk: 0 };
    for (const process of this.#processes) {
      process.dueStep = Infinity;
    }
  }

  /** Adds a line to the trace. */
  tell(who: string, what: string): void {
    this.#tell?.(`${String(this.scheduler?.stepCount ?? 0).padStart(6)}  +${this.nowMs - startMs} ms  ${who}: ${what}`);
  }

  /** Waits for some steps of somebody who is no process. */
  async pause(owner: object, steps: number): Promise<void> {
    for (let i = randomInt(this.rng, steps) + 1; i > 0; i--) {
      await this.scheduler.step(owner, "waits");
    }
  }

  start(name: string, disk: FaultDisk): Process {
    const process = new Process(this, name, disk);
    this.#processes.add(process);
    return process;
  }

  ended(process: Process): void {
    this.#processes.delete(process);
  }

  #beforeStep(): void {
    const { rng } = this;
    this.nowMs += randomInt(rng, rng.next() < 0.004 ? segmentDeleteDelayMs / 8 : 3);
    for (const process of this.#processes) {
      if (this.scheduler.stepCount >= process.dueStep) {
        process.end(rng.next() < 0.5 ? "kill -9" : "power cut");
      } else if (rng.next() < 0.02) {
        process.disk.writeBack();
      }
    }
  }
}

/** One process, from its start to its end. Nothing that it waits for happens after that. */
export class Process {
  readonly name: string;
  readonly disk: FaultDisk;
  readonly #world: World;
  readonly #died = Promise.withResolvers<Ending>();
  #hasEnded = false;
  /** The step at which it is ended by force. */
  dueStep = Infinity;

  constructor(world: World, name: string, disk: FaultDisk) {
    this.#world = world;
    this.name = name;
    this.disk = disk;
    const { rng } = world;
    disk.readLength = (length) => (rng.next() < 0.1 ? 1 + randomInt(rng, length) : length);
    disk.intercept = async (operation, path) => {
      await this.step(`${operation} ${path}`);
      if (rng.next() < world.rates.disk) {
        const fault = randomDiskFault(operation, rng);
        world.tell(this.name, `  fails with ${fault.code}`);
        return fault;
      }
      return undefined;
    };
  }

  get fs(): FileSystem {
    return this.disk;
  }

  get clock(): Clock {
    return { nowMs: () => this.#world.nowMs, sleep: () => this.step("sleeps") };
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Resolves when it has ended. */
  get died(): Promise<Ending> {
    return this.#died.promise;
  }

  /** One thing that takes time: resolves when it is its turn, never after the end. */
  step(what: string): Promise<void> {
    return this.#hasEnded ? new Promise(() => {}) : this.#world.scheduler.step(this, what);
  }

  async pause(steps: number): Promise<void> {
    for (let i = randomInt(this.#world.rng, steps) + 1; i > 0; i--) {
      await this.step("waits");
    }
  }

  /** `work`, or undefined when the process ends before. */
  async whileAlive<Result>(work: Promise<Result>): Promise<Result | undefined> {
    return Promise.race([work, this.died.then(() => undefined)]);
  }

  end(ending: Ending): void {
    if (this.#hasEnded) {
      return;
    }
    this.#hasEnded = true;
    const { rng, scheduler } = this.#world;
    this.#world.tell(this.name, `=== ${ending} ===`);
    scheduler.drop(this);
    this.#world.ended(this);
    if (ending === "power cut") {
      this.disk.powerCut(rng);
    } else {
      this.disk.kill(rng);
    }
    this.#died.resolve(ending);
  }
}

export function pickOne<Item>(rng: Rng, items: readonly Item[]): Item {
  return items[randomInt(rng, items.length)]!;
}
