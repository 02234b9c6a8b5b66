import { mergeBatches, readSlot } from "@sluice/chunk";
import {
  compileMatchers,
  ServiceError,
  type BlockRef,
  type EntryBatch,
  type Labels,
  type Matcher,
} from "@sluice/model";
import type { Segment, StoreReader, StoreView, VisitRequest } from "@sluice/store";
import type { IndexQuerier } from "../index-querier.ts";
import { joinSeries, readPlan, seriesInMemory, shownBlocks, visitInMemory } from "../reads.ts";
import { ObjectReceiver } from "./known-objects.ts";
import type { HeadColumns, HeadPart, KnownObjects, Question, SentSnapshot } from "./messages.ts";

/** Asks the main thread; resolves to the parts of its answer. */
export type Ask = (question: Question) => Promise<readonly unknown[]>;

/** Segments and label sets that this thread has been told of. */
export class Known {
  readonly segments = new ObjectReceiver<Segment>();
  readonly labels = new ObjectReceiver<Labels>();

  learn({ segments, labels }: Partial<KnownObjects>): void {
    if (segments !== undefined) {
      this.segments.receive(segments);
    }
    if (labels !== undefined) {
      this.labels.receive(labels);
    }
  }
}

/** An answer's snapshot, with its objects: made when it comes, for they are told in order. */
export interface ReceivedSnapshot extends Omit<SentSnapshot, "segments" | "labels"> {
  readonly segments: readonly Segment[];
  readonly labels: readonly Labels[];
}

/**
 * The querier of one query on a thread that owns nothing: what there is to read it asks for, segments it reads itself. The
 * other half is in `thread-source.ts`.
 */
export function threadQuerier(ask: Ask, reader: StoreReader): IndexQuerier {
  const look = async (
    { tenant, startNs, endNs }: { readonly tenant: string; readonly startNs: bigint; readonly endNs: bigint },
    matchers: readonly Matcher[],
  ): Promise<{ readonly view: StoreView; readonly heads: readonly BlockRef[] }> => {
    // No regular expression of a user's runs on the main thread.
    const equalities = matchers.filter(({ operator }) => operator === "=" || operator === "!=");
    const [sent] = await ask({ type: "snapshot", tenant, startNs, endNs, matchers: equalities });
    const snapshot = sent as ReceivedSnapshot;
    return { view: reader.viewOf(snapshot), heads: new RemoteHeads(ask, snapshot).blocks };
  };
  const lookFor = async (
    request: VisitRequest,
  ): Promise<{ readonly view: StoreView; readonly inMemory: readonly BlockRef[] }> => {
    const matches = compileMatchers(request.matchers);
    const { view, heads } = await look(request, request.matchers);
    return { view, inMemory: fitting(heads, matches) };
  };
  return {
    async select(request, signal) {
      const { view, inMemory } = await lookFor(request);
      return shownBlocks(await reader.select(view, request, signal), inMemory, view);
    },
    async visitBlocks(request, visit, signal) {
      const { view, inMemory } = await lookFor(request);
      visitInMemory(inMemory, view, visit);
      await reader.visitBlocks(view, request, visit, signal);
    },
    async explain(request, signal) {
      const { view, inMemory } = await lookFor(request);
      return readPlan(await reader.explain(view, request, signal), inMemory, view);
    },
    async series(request) {
      const { selectors } = request;
      const tests = selectors.map((matchers) => compileMatchers(matchers));
      const { view, heads } = await look(request, selectors.length === 1 ? selectors[0]! : []);
      const isFound = (labels: Labels): boolean => tests.length === 0 || tests.some((matches) => matches(labels));
      const found = [...new Set(fitting(heads, isFound).map(({ labels }) => labels))];
      const inMemory = await seriesInMemory(
        found,
        (matchers) => fitting(heads, compileMatchers(matchers)),
        request,
        view.hiding,
      );
      return joinSeries(await reader.series(view, request), inMemory);
    },
  };
}

/** Blocks of streams that fit; each stream is looked at once. */
function fitting(blocks: readonly BlockRef[], matches: (labels: Labels) => boolean): readonly BlockRef[] {
  const known = new Map<Labels, boolean>();
  return blocks.filter(({ labels }) => {
    let fits = known.get(labels);
    if (fits === undefined) {
      fits = matches(labels);
      known.set(labels, fits);
    }
    return fits;
  });
}

/** What is asked for at a time: small blocks come together. */
const bytesAtOnce = 256 * 1024;
const blocksAtOnce = 256;

/** The blocks in memory of one snapshot. */
class RemoteHeads {
  readonly blocks: readonly BlockRef[];
  readonly #ask: Ask;
  readonly #snapshot: number;
  readonly #columns: HeadColumns;
  /** On their way or here, and not wanted yet. */
  readonly #coming = new Map<number, Promise<EntryBatch>>();

  constructor(ask: Ask, { id, labels, heads }: ReceivedSnapshot) {
    this.#ask = ask;
    this.#snapshot = id;
    this.#columns = heads;
    const { minNs, maxNs, counts, rawBytes, mayRepeat } = heads;
    this.blocks = labels.map((ofBlock, i) => ({
      labels: ofBlock,
      minNs: minNs[i]!,
      maxNs: maxNs[i]!,
      count: counts[i]!,
      rawBytes: rawBytes[i]!,
      mayRepeat: mayRepeat[i] === 1,
      load: async (signal) => {
        if (signal?.aborted === true) {
          throw new ServiceError("cancelled", "the query was cancelled");
        }
        return this.#load(i);
      },
    }));
  }

  async #load(block: number): Promise<EntryBatch> {
    const coming = this.#coming.get(block) ?? this.#fetch(block);
    this.#coming.delete(block);
    return coming;
  }

  /** Asks for a block and for those behind it that are not here, as far as they are small. */
  #fetch(block: number): Promise<EntryBatch> {
    const wanted: number[] = [];
    let bytes = 0;
    for (let next = block; next < this.blocks.length && wanted.length < blocksAtOnce; next++) {
      bytes += this.#columns.rawBytes[next]!;
      if (next > block && (bytes > bytesAtOnce || this.#coming.has(next))) {
        break;
      }
      wanted.push(next);
    }
    const answer = this.#ask({ type: "heads", snapshot: this.#snapshot, blocks: wanted });
    for (const one of wanted) {
      const batch = answer.then((parts) => this.#batchOf(one, parts));
      // Who never wants it does not hear that it could not be had.
      batch.catch(() => {});
      this.#coming.set(one, batch);
    }
    return this.#coming.get(block)!;
  }

  #batchOf(block: number, parts: readonly unknown[]): EntryBatch {
    const batches = (parts as readonly HeadPart[])
      .filter((part) => part.block === block)
      .map(({ slot, shape }) => readSlot(slot, shape));
    return this.#columns.mayRepeat[block] === 1 || batches.length !== 1 ? mergeBatches(batches) : batches[0]!;
  }
}
