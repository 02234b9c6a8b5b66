import { exploreUrl, type ExploreState } from "@sluice/api";
import { nsPerMs, nsPerSecond } from "@sluice/model";
import { lineId } from "./line-id.ts";
import { nsOf, type LogLine } from "./log-line.ts";

/** What around a line a link shows when the line was not found by a search. */
const aroundNs = 900n * nsPerSecond;
/** A line further down than this would not be on the first page of a link to the whole range. */
const firstPageLines = 900;

export interface LinkContext {
  /** Where the page is served. */
  readonly base: string;
  readonly state: ExploreState;
  /** The range in which the line was found, and its place there; undefined in a live tail. */
  readonly found: { readonly startNs: bigint; readonly endNs: bigint; readonly index: number } | undefined;
}

/** The address that opens a line: always with absolute times, and so that the line is on its first page. */
export function lineLink(line: LogLine, { base, state, found }: LinkContext): string {
  const ns = nsOf(line);
  let startNs = found?.startNs ?? ns - aroundNs;
  let endNs = found?.endNs ?? ns + nsPerSecond;
  if (found === undefined || found.index > firstPageLines) {
    if (state.direction === "backward" || found === undefined) {
      endNs = ((ns + nsPerMs) / nsPerMs) * nsPerMs;
    } else {
      startNs = ns;
    }
  }
  return exploreUrl(base, {
    ...state,
    live: false,
    from: { type: "absolute", ns: startNs },
    to: { type: "absolute", ns: endNs },
    line: lineId(line),
  });
}
