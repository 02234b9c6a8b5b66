import { compileMatchers, type BlockRef, type Labels, type Matcher } from "@sluice/model";
import type { Segment, StoreReader, StoreView, VisitRequest } from "@sluice/store";
import type { IndexQuerier } from "../index-querier.ts";
import { joinSeries, readPlan, seriesInMemory, shownBlocks, visitInMemory } from "../reads.ts";
import { ObjectReceiver } from "./known-objects.ts";
import type { KnownObjects, SentSnapshot } from "./messages.ts";
import { remoteHeads, type Ask } from "./remote-heads.ts";

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
    return { view: reader.viewOf(snapshot), heads: remoteHeads(ask, snapshot) };
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
