import {
  firstAtOrAfter,
  printLabels,
  timestampAt,
  type BlockRef,
  type Labels,
  type Matcher,
  type SeriesRequest,
} from "@sluice/model";
import { isCovered, type Hiding, type Span } from "./hiding.ts";

/** Where the blocks of streams come from. */
export interface BlockSource<Block extends BlockRef> {
  /** Those of a selector in the request's range, as they are. */
  readonly select: (matchers: readonly Matcher[]) => Promise<readonly Block[]>;
  /** Those of the blocks that lines are left of, without the others. */
  readonly show: (blocks: readonly Block[]) => Promise<readonly BlockRef[]>;
}

/**
 * Of the streams that were found those that have a line left in the range. Blocks are looked at only of streams that a
 * delete request may be about, and only until a line is found: first those outside of the requests' times.
 */
export async function seriesLeft<Block extends BlockRef>(
  found: readonly Labels[],
  { selectors, startNs, endNs }: SeriesRequest,
  hiding: Hiding | undefined,
  { select, show }: BlockSource<Block>,
): Promise<readonly Labels[]> {
  const range = { minNs: startNs, maxNs: endNs - 1n };
  const doubtful = found.filter((labels) => (hiding?.touching(labels, range).length ?? 0) > 0);
  if (hiding === undefined || doubtful.length === 0) {
    return found;
  }
  const gone = new Set(doubtful.map(printLabels));
  for (const matchers of selectors.length === 0 ? [[]] : selectors) {
    const ofStreams = Map.groupBy(await select(matchers), ({ labels }) => printLabels(labels));
    const isTouched = (block: Block): boolean => hiding.touching(block.labels, within(block, range)).length > 0;
    let open = [...ofStreams]
      .filter(([text]) => gone.has(text))
      .map(([text, blocks]) => ({ text, blocks: blocks.toSorted((a, b) => +isTouched(a) - +isTouched(b)) }));
    // A few blocks of each stream at a time, more and more: mostly the first one has a line.
    for (let from = 0, count = 1; open.length > 0; from += count, count *= 2) {
      for (const block of await show(open.flatMap(({ blocks }) => blocks.slice(from, from + count)))) {
        const text = printLabels(block.labels);
        if (gone.has(text) && (await hasLineLeft(block, range, hiding))) {
          gone.delete(text);
        }
      }
      const next = from + count;
      open = open.filter(({ text, blocks }) => gone.has(text) && blocks.length > next);
    }
  }
  return found.filter((labels) => !gone.has(printLabels(labels)));
}

async function hasLineLeft(block: BlockRef, range: Span, hiding: Hiding): Promise<boolean> {
  const span = within(block, range);
  const deletes = hiding.touching(block.labels, span);
  // What is shown as it is has lost nothing: its skip filter says so.
  if (deletes.length === 0 || block.mayRepeat !== true) {
    return true;
  }
  if (deletes.some((active) => isCovered(active, span))) {
    return false;
  }
  const batch = await block.load();
  const row = firstAtOrAfter(batch, span.minNs);
  return row < batch.count && timestampAt(batch, row) <= span.maxNs;
}

function within({ minNs, maxNs }: Span, range: Span): Span {
  return { minNs: minNs > range.minNs ? minNs : range.minNs, maxNs: maxNs < range.maxNs ? maxNs : range.maxNs };
}
