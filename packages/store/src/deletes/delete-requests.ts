import { compileSkipTest } from "@sluice/chunk";
import { ServiceError, type Clock, type Metrics } from "@sluice/model";
import type { ObjectStore } from "@sluice/object-store";
import { createHash } from "node:crypto";
import type { CompiledDelete, DeleteOptions, DeleteRequest, ListedDelete } from "./delete-request.ts";
import { createDeleteMetrics, type DeleteMetrics } from "./delete-metrics.ts";
import { Hiding, type ActiveDelete } from "./hiding.ts";
import { deleteName, RequestLog } from "./request-log.ts";

export interface DeleteRequestsOptions extends DeleteOptions {
  readonly objectStore: ObjectStore;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** What a caller of the store does with delete requests. */
export interface StoreDeletes extends Pick<DeleteRequests, "list" | "cancel" | "hidingOf"> {
  /** @see DeleteRequests.add */
  add(request: NewDelete): Promise<DeleteRequest>;
}

export type NewDelete = Pick<DeleteRequest, "tenant" | "query" | "startNs" | "endNs">;

/** Requests of one tenant that may wait at a time, and that are kept with those that were processed. */
const activeMax = 1000;
const keptMax = 2000;

interface Known extends ActiveDelete {
  isProcessed: boolean;
  doneShare: number;
  /** The number of the last reading of the store that had begun when this process made the request or its end. */
  readonly madeAt: number;
}

/** What the object store had, to be adopted. */
export interface RequestsRead {
  readonly number: number;
  readonly names: ReadonlySet<string>;
  readonly requests: readonly { readonly request: DeleteRequest; readonly compiled: CompiledDelete }[];
  readonly processed: ReadonlySet<string>;
}

/**
 * The delete requests of all tenants: which there are, and what they hide. Each is an object on the store, and its end
 * another one that is put if absent, so that of a cancellation and a completion one wins.
 */
export class DeleteRequests {
  readonly #options: DeleteRequestsOptions;
  readonly #log: RequestLog;
  readonly #metrics: DeleteMetrics;
  /** By tenant, then name. */
  readonly #known = new Map<string, Map<string, Known>>();
  /** Until the tenant's requests change. */
  readonly #hiding = new Map<string, Hiding | undefined>();
  #readings = 0;
  #made = 0;

  constructor(options: DeleteRequestsOptions) {
    this.#options = options;
    this.#log = new RequestLog(options.objectStore);
    this.#metrics = createDeleteMetrics(options.metrics);
  }

  get metrics(): DeleteMetrics {
    return this.#metrics;
  }

  /**
   * Takes a request. When it resolves, the request survives a crash, and no query that begins from then on shows a line
   * that it is about, whether the line is there already or comes while the request is active.
   *
   * @param unique tells this process from all others, earlier ones too.
   * @throws {ServiceError} `bad_data` when the query cannot be one; `rate_limited` when too many wait; `unavailable`.
   */
  async add({ tenant, query, startNs, endNs }: NewDelete, unique: number): Promise<DeleteRequest> {
    const compiled = this.#options.compile(query);
    const activeCount = this.list(tenant).filter(({ state }) => state === "active").length;
    if (activeCount >= activeMax) {
      throw new ServiceError(
        "rate_limited",
        `${activeCount} delete requests wait to be processed, limit: ${activeMax}`,
      );
    }
    this.#made += 1;
    const createdMs = this.#options.clock.nowMs();
    const id = createHash("sha256")
      .update(JSON.stringify([tenant, query, createdMs, unique, this.#made]))
      .digest("hex")
      .slice(0, 16);
    const request = { id, tenant, query, startNs, endNs, createdMs };
    await this.#log.put(request);
    this.#learn(request, compiled, false, this.#readings);
    this.#metrics.requestsReceived.add(1);
    return request;
  }

  /** The tenant's requests, oldest first. */
  list(tenant: string): readonly ListedDelete[] {
    return [...(this.#known.get(tenant)?.values() ?? [])]
      .map(({ request, isProcessed, doneShare }) => ({
        ...request,
        state: isProcessed ? ("processed" as const) : ("active" as const),
        doneShare: isProcessed ? 1 : doneShare,
      }))
      .sort((a, b) => a.createdMs - b.createdMs);
  }

  /**
   * Takes a request back: its lines, as far as they are there, are shown again.
   *
   * @throws {ServiceError} `not_found`; `bad_data` when it was processed, perhaps by another store just now; `unavailable`.
   */
  async cancel(tenant: string, id: string): Promise<void> {
    const known = this.#known.get(tenant)?.get(deleteName({ tenant, id }));
    if (known === undefined) {
      throw new ServiceError("not_found", "could not find delete request with given id");
    }
    if (known.isProcessed || (await this.#end(known, "cancelled")) === "processed") {
      throw new ServiceError("bad_data", "deletion of request which is in process or already processed is not allowed");
    }
  }

  /** What the tenant's requests hide from now on; undefined when nothing. */
  hidingOf(tenant: string): Hiding | undefined {
    if (!this.#hiding.has(tenant)) {
      const active = this.activeOf(tenant);
      this.#hiding.set(tenant, active.length === 0 ? undefined : new Hiding(active));
    }
    return this.#options.modeOf(tenant) === "disabled" ? undefined : this.#hiding.get(tenant);
  }

  get tenants(): readonly string[] {
    return [...this.#known.keys()];
  }

  /** The tenant's requests that were not processed yet, oldest first. */
  activeOf(tenant: string): readonly ActiveDelete[] {
    return [...(this.#known.get(tenant)?.values() ?? [])]
      .filter(({ isProcessed }) => !isProcessed)
      .sort((a, b) => a.request.createdMs - b.request.createdMs);
  }

  isActive({ request }: ActiveDelete): boolean {
    return this.#known.get(request.tenant)?.get(deleteName(request))?.isProcessed === false;
  }

  setDone({ request }: ActiveDelete, share: number): void {
    const known = this.#known.get(request.tenant)?.get(deleteName(request));
    if (known !== undefined) {
      known.doneShare = share;
    }
  }

  /** Says that no line is left of what the request is about: from now on it hides nothing. */
  async finish({ request }: ActiveDelete): Promise<void> {
    const known = this.#known.get(request.tenant)?.get(deleteName(request));
    if (known !== undefined) {
      await this.#end(known, "processed");
    }
  }

  /**
   * Reads what other stores have done. To be {@link adopt}ed after the manifest has been read: whoever stops hiding the
   * lines of a request that was processed must know the segments without them.
   *
   * @throws {ServiceError} `corrupt` naming a damaged object; `unavailable`.
   */
  async read(): Promise<RequestsRead> {
    this.#readings += 1;
    const number = this.#readings;
    const byName = new Map([...this.#known.values()].flatMap((ofTenant) => [...ofTenant]));
    const listed = [...(await this.#log.list())];
    const names = listed.filter(([, { hasRequest }]) => hasRequest).map(([name]) => name);
    const ended = listed.filter(([name, { hasEnd }]) => hasEnd && byName.get(name)?.isProcessed !== true);
    const ends = await this.#log.readEnds(ended.map(([name]) => name));
    const requests = await this.#log.readRequests(names.filter((name) => !byName.has(name)));
    return {
      number,
      names: new Set(names.filter((name) => ends.get(name)?.outcome !== "cancelled")),
      requests: requests.map((request) => ({ request, compiled: this.#compileStored(request) })),
      processed: new Set([...ends].filter(([, { outcome }]) => outcome === "processed").map(([name]) => name)),
    };
  }

  adopt({ number, names, requests, processed }: RequestsRead): void {
    for (const { request, compiled } of requests) {
      const name = deleteName(request);
      if (names.has(name) && this.#known.get(request.tenant)?.has(name) !== true) {
        this.#learn(request, compiled, processed.has(name), 0);
      }
    }
    for (const ofTenant of this.#known.values()) {
      for (const [name, known] of ofTenant) {
        if (!names.has(name) && known.madeAt < number) {
          ofTenant.delete(name);
        } else if (processed.has(name)) {
          known.isProcessed = true;
        }
      }
    }
    this.#changed();
  }

  /** Removes the objects of requests that were cancelled, and of the oldest processed ones when there are many. */
  async tidy(): Promise<void> {
    for (const ofTenant of this.#known.values()) {
      const processed = [...ofTenant].filter(([, { isProcessed }]) => isProcessed);
      processed.sort(([, a], [, b]) => a.request.createdMs - b.request.createdMs);
      for (const [name] of processed.slice(0, Math.max(0, ofTenant.size - keptMax))) {
        await this.#log.remove(name);
        ofTenant.delete(name);
      }
    }
    const known = new Set([...this.#known.values()].flatMap((ofTenant) => [...ofTenant.keys()]));
    const listed = await this.#log.list();
    const ended = [...listed].filter(([name, { hasEnd }]) => hasEnd && !known.has(name)).map(([name]) => name);
    for (const [name, { outcome }] of await this.#log.readEnds(ended)) {
      if (outcome === "cancelled" || listed.get(name)?.hasRequest === false) {
        await this.#log.remove(name);
      }
    }
  }

  async #end(known: Known, outcome: "processed" | "cancelled"): Promise<"processed" | "cancelled"> {
    const { request } = known;
    const end = await this.#log.end(request, { outcome, atMs: this.#options.clock.nowMs() });
    if (end.outcome === "processed") {
      known.isProcessed = true;
    } else {
      this.#known.get(request.tenant)?.delete(deleteName(request));
    }
    if (end.outcome === outcome) {
      this.#metrics.requestsEnded.add(1, { outcome });
    }
    this.#changed();
    return end.outcome;
  }

  /** A request that was accepted and is not understood any more must not be passed over: its lines would be shown. */
  #compileStored(request: DeleteRequest): CompiledDelete {
    try {
      return this.#options.compile(request.query);
    } catch (error) {
      throw new ServiceError("corrupt", `delete request ${deleteName(request)} cannot be understood`, { cause: error });
    }
  }

  #learn(request: DeleteRequest, compiled: CompiledDelete, isProcessed: boolean, madeAt: number): void {
    const ofTenant = this.#known.get(request.tenant) ?? new Map<string, Known>();
    this.#known.set(request.tenant, ofTenant);
    ofTenant.set(deleteName(request), {
      ...compiled,
      mayHold: compileSkipTest(compiled),
      request,
      isProcessed,
      doneShare: 0,
      madeAt,
    });
    this.#changed();
  }

  #changed(): void {
    this.#hiding.clear();
    let activeCount = 0;
    for (const ofTenant of this.#known.values()) {
      activeCount += [...ofTenant.values()].filter(({ isProcessed }) => !isProcessed).length;
    }
    this.#metrics.requestsActive.set(activeCount);
  }
}
