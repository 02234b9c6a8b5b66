import { isServiceError } from "@sluice/model";
import { faultDisk, randomInt, runDeterministically, seededRng, type FaultDisk } from "@sluice/testkit";
import { checkQueries } from "./check-queries.ts";
import { runClient, tenants, type Address } from "./clients.ts";
import { Ledger } from "./ledger.ts";
import { unchanged, type Mutation } from "./mutations.ts";
import { SimulatedBucket } from "./simulated-bucket.ts";
import { startSimulatedServer, type SimulatedServer } from "./simulated-server.ts";
import { pickOne, segmentDeleteDelayMs, World, type Process } from "./world.ts";

export interface SimulationOptions {
  readonly seed: number;
  readonly mutation?: Mutation;
  /** Told of every step. */
  readonly tell?: (line: string) => void;
}

export interface SimulationReport {
  readonly steps: number;
  /** Processes that were started. */
  readonly lives: number;
  readonly lines: number;
  /** Lines that were deleted. */
  readonly deleted: number;
}

const clientCount = 5;

/**
 * The write path as it is (log, heads, flushes, manifest, compaction, retention, garbage collection, queries) on a disk
 * and a bucket that fail at any step, with servers that end at any moment and start again. At every
 * moment a query shows every line that was acknowledged, or shown before, exactly once, and nothing that nobody pushed.
 *
 * The same seed gives the same run.
 *
 * @throws {Error} that says what a query got wrong.
 */
export function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const { seed, mutation = unchanged, tell } = options;
  return runDeterministically(seededRng(seed ^ 0x5eed), async () => {
    const world = new World(seed, tell);
    const simulation = new Simulation(world, mutation);
    return world.scheduler.run(simulation.run());
  });
}

/** A machine that a server runs on: the disk outlives it. */
interface Machine extends Address {
  readonly disk: FaultDisk;
  server: SimulatedServer | undefined;
  livesLeft: number;
}

class Simulation {
  readonly #world: World;
  readonly #bucket: SimulatedBucket;
  readonly #mutation: Mutation;
  readonly #ledger = new Ledger();
  readonly #machines: readonly Machine[];
  #lives = 0;
  #isOver = false;

  constructor(world: World, mutation: Mutation) {
    this.#world = world;
    this.#bucket = new SimulatedBucket(world);
    this.#mutation = mutation;
    const names = world.hasBucket ? ["server-0", "server-1"] : ["server-0"];
    this.#machines = names.map((name) => ({
      name,
      disk: faultDisk(),
      server: undefined,
      livesLeft: 3 + randomInt(world.rng, 5),
    }));
  }

  async run(): Promise<SimulationReport> {
    const world = this.#world;
    const isOver = (): boolean => this.#machines.every(({ livesLeft }) => livesLeft <= 0);
    const clients = Array.from({ length: clientCount }, () => runClient(world, this.#ledger, this.#machines, isOver));
    const servers = this.#machines.map((machine) => this.#runMachine(machine));
    await Promise.race([Promise.all(clients), Promise.all(servers)]);
    this.#isOver = true;
    world.calmDown();
    await Promise.all(servers);
    await this.#checkAtTheEnd();
    const lines = tenants.reduce((sum, tenant) => sum + this.#owedByAll(tenant).length, 0);
    return { steps: world.scheduler.stepCount, lives: this.#lives, lines, deleted: this.#ledger.deleted.length };
  }

  /** One server after the other on the machine, until all is over. */
  async #runMachine(machine: Machine): Promise<void> {
    const { rng, scheduler } = this.#world;
    while (!this.#isOver) {
      const process = this.#startProcess(machine);
      if (machine.livesLeft > 0) {
        process.dueStep = scheduler.stepCount + 20 + randomInt(rng, rng.next() < 0.3 ? 60 : 500);
      }
      const server = await this.#startServer(machine, process);
      if (server !== undefined) {
        await process.whileAlive(this.#serve(machine, server));
      }
      machine.server = undefined;
      machine.livesLeft -= 1;
      await this.#world.pause(machine, 20);
    }
  }

  #startProcess(machine: Machine): Process {
    this.#lives += 1;
    return this.#world.start(`${machine.name} life ${this.#lives}`, machine.disk);
  }

  /** Undefined when it ends before it is ready, by force or because the storage fails. */
  async #startServer(machine: Machine, process: Process): Promise<SimulatedServer | undefined> {
    const { deleted } = this.#ledger;
    try {
      const server = await process.whileAlive(startSimulatedServer(this.#world, this.#bucket, process, this.#mutation));
      this.#world.tell(process.name, server === undefined ? "was never ready" : "is ready");
      machine.server = server;
      this.#ledger.hide(machine.name, deleted);
      return server;
    } catch (error) {
      rethrowUnlessFault(error);
      process.end("exit");
      return undefined;
    }
  }

  /** What goes on in a server beside the pushes. */
  async #serve(machine: Machine, server: SimulatedServer): Promise<void> {
    const { process, ingester, store } = server;
    await this.#check(machine, server);
    const { rng } = this.#world;
    const isStopping = (): boolean => this.#isOver;
    const repeatedly = async (pauseSteps: number, work: () => Promise<unknown>): Promise<void> => {
      while (!isStopping()) {
        await process.pause(pauseSteps);
        await work().catch(rethrowUnlessFault);
      }
    };
    await Promise.all([
      repeatedly(10, () => (rng.next() < 0.1 ? ingester.flushAll() : ingester.flushWhenDue())),
      repeatedly(30, async () => {
        await store.compact();
        if (rng.next() < 0.3) {
          await store.applyRetention();
        }
        await store.applyDeletes({ flushMemory: () => ingester.flushAll() });
        await store.collectGarbage();
      }),
      repeatedly(25, () => this.#deleteOne(machine, server)),
      repeatedly(20, () => (this.#world.hasBucket ? server.refresh() : Promise.resolve())),
      repeatedly(15, () => this.#check(machine, server, pickOne(rng, tenants))),
      repeatedly(40, async () => {
        const { disk } = process;
        const isFull = rng.next() < this.#world.rates.fullDisk;
        disk.capacityBytes = isFull ? disk.usedBytes + randomInt(rng, 3000) : Infinity;
      }),
    ]);
    machine.server = undefined;
    await server.stop().catch(rethrowUnlessFault);
    process.end("exit");
  }

  async #deleteOne({ name }: Machine, { store }: SimulatedServer): Promise<void> {
    const line = this.#ledger.doomOne(this.#world.rng);
    if (line === undefined) {
      return;
    }
    const { tenant, timestampNs, requestId, id } = line;
    const filter = requestId === undefined ? `|= "${id}"` : `| request_id="${id}"`;
    const query = `{app="${tenant}"} ${filter}`;
    this.#world.tell(name, `  is to delete ${query} of ${tenant}`);
    await store.deletes.add({ tenant, query, startNs: timestampNs, endNs: timestampNs });
    this.#ledger.noteDeleted(name, line);
  }

  async #check(machine: Machine, server: SimulatedServer, ...some: readonly string[]): Promise<void> {
    for (const tenant of some.length > 0 ? some : tenants) {
      await checkQueries({ world: this.#world, ledger: this.#ledger, name: machine.name, server, tenant });
    }
  }

  #owedByAll(tenant: string): ReturnType<Ledger["owedBy"]> {
    return this.#ledger.owedByAll(
      this.#machines.map(({ name }) => name),
      tenant,
    );
  }

  /** Nothing goes wrong any more: all lines are there, before and after everything that is done with them. */
  async #checkAtTheEnd(): Promise<void> {
    const world = this.#world;
    world.tell("world", "=== the end: nothing fails any more ===");
    for (const machine of this.#machines) {
      machine.disk.powerCut(world.rng);
      machine.disk.capacityBytes = Infinity;
    }
    let servers = await this.#startAll();
    for (const server of servers) {
      await server.ingester.flushAll();
    }
    await this.#checkAll(servers);
    for (let round = 0; round < 4; round++) {
      for (const { store, ingester } of servers) {
        await store.compact();
        await store.applyRetention();
        await store.applyDeletes({ flushMemory: () => ingester.flushAll() });
        await store.collectGarbage();
      }
      world.nowMs += segmentDeleteDelayMs;
    }
    await this.#checkAll(servers);
    for (const { process } of servers) {
      process.end("power cut");
    }
    servers = await this.#startAll();
    await this.#checkAll(servers);
  }

  async #startAll(): Promise<readonly SimulatedServer[]> {
    const servers: SimulatedServer[] = [];
    for (const machine of this.#machines) {
      const { deleted } = this.#ledger;
      servers.push(await startSimulatedServer(this.#world, this.#bucket, this.#startProcess(machine), this.#mutation));
      this.#ledger.hide(machine.name, deleted);
    }
    return servers;
  }

  async #checkAll(servers: readonly SimulatedServer[]): Promise<void> {
    for (const [i, server] of servers.entries()) {
      await server.refresh();
      for (const tenant of tenants) {
        const { name } = this.#machines[i]!;
        const owed = this.#owedByAll(tenant);
        await checkQueries({ world: this.#world, ledger: this.#ledger, name, server, tenant, owed, isCalm: true });
      }
    }
  }
}

/** A request or an operation that failed is part of the world; everything else is a bug. */
function rethrowUnlessFault(error: unknown): void {
  const isFault = ["EIO", "ENOSPC"].includes((error as { readonly code?: string }).code ?? "");
  if (!isFault && !isServiceError(error, "unavailable")) {
    throw error;
  }
}
