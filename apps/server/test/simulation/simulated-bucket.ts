import { messageOf, ServiceError } from "@sluice/model";
import { memoryObjectStore, type ListedObject, type ObjectStore } from "@sluice/object-store";
import type { Process, World } from "./world.ts";

/** How many objects a page of a listing names. */
const pageLength = 3;

/**
 * S3 as it can be: slow, answering with 5xx, doing what was asked and losing the answer, doing it long after the client
 * has given up or is gone. What it has answered holds, and it lists what is there.
 */
export class SimulatedBucket {
  readonly objects = memoryObjectStore();
  readonly #world: World;
  /** What processes have asked for that changes something, and that was not done yet. */
  readonly #underWay = new Map<Process, Set<() => Promise<void>>>();

  constructor(world: World) {
    this.#world = world;
  }

  /** The bucket as a process sees it. */
  connect(process: Process): ObjectStore {
    const { objects } = this;
    void process.died.then(() => this.#disconnect(process));
    return {
      put: (key, body, options) => {
        const bytes = Buffer.concat(body);
        return this.#change(process, `PUT ${key}`, () => objects.put(key, [bytes], options));
      },
      remove: (key) => this.#change(process, `DELETE ${key}`, () => objects.remove(key)),
      get: (key, range) => this.#read(process, `GET ${key}`, () => objects.get(key, range)),
      stat: (key) => this.#read(process, `HEAD ${key}`, () => objects.stat(key)),
      list: (prefix, startAfter) => this.#list(process, prefix, startAfter),
    };
  }

  async *#list(process: Process, prefix: string, startAfter = ""): AsyncGenerator<ListedObject, void, undefined> {
    for (let after = startAfter; ;) {
      const page = await this.#read(process, `LIST ${prefix} after "${after}"`, async () => {
        const found: ListedObject[] = [];
        for await (const object of this.objects.list(prefix, after)) {
          found.push(object);
          if (found.length === pageLength) {
            break;
          }
        }
        return found;
      });
      yield* page;
      if (page.length < pageLength) {
        return;
      }
      after = page.at(-1)!.key;
    }
  }

  async #read<Answer>(process: Process, what: string, request: () => Promise<Answer>): Promise<Answer> {
    await process.step(what);
    this.#mayRefuse(process);
    return request();
  }

  async #change(process: Process, what: string, request: () => Promise<void>): Promise<void> {
    const { rng, rates } = this.#world;
    const ofProcess = this.#underWay.get(process) ?? new Set();
    this.#underWay.set(process, ofProcess);
    ofProcess.add(request);
    await process.step(what);
    ofProcess.delete(request);
    this.#mayRefuse(process);
    if (rng.next() < rates.bucket / 2) {
      this.#doLate(what, request);
      throw this.#unavailable(process, "times out, and is done later");
    }
    let failure: unknown;
    await request().catch((error: unknown) => {
      failure = error;
    });
    await process.step(`${what}: ${failure === undefined ? "done" : messageOf(failure)}`);
    if (rng.next() < rates.bucket / 2) {
      throw this.#unavailable(process, "was done, its answer is lost");
    }
    if (failure !== undefined) {
      throw failure;
    }
  }

  /** The process is gone: what it had asked for is done later, or never. */
  #disconnect(process: Process): void {
    for (const request of this.#underWay.get(process) ?? []) {
      if (this.#world.rng.next() < 0.5) {
        this.#doLate("request of a process that is gone", request);
      }
    }
    this.#underWay.delete(process);
  }

  #mayRefuse(process: Process): void {
    if (this.#world.rng.next() < this.#world.rates.bucket) {
      throw this.#unavailable(process, "is answered with 503");
    }
  }

  #doLate(what: string, request: () => Promise<void>): void {
    const world = this.#world;
    void (async () => {
      await world.pause(this, 30);
      await world.scheduler.step(this, `late: ${what}`);
      await request().catch(() => {});
    })();
  }

  #unavailable(process: Process, what: string): ServiceError {
    this.#world.tell(process.name, `  ${what}`);
    return new ServiceError("unavailable", `the request to the bucket ${what}`);
  }
}
