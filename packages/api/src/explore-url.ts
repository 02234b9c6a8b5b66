import {
  nsPerMs,
  nsPerSecond,
  parseDurationMs,
  parseRfc3339Ns,
  printDurationMs,
  printRfc3339Ns,
  type Direction,
} from "@sluice/model";

/** One end of a time range: so long before now, or an instant. */
export type TimePoint =
  | { readonly type: "relative"; readonly beforeNowMs: number }
  | { readonly type: "absolute"; readonly ns: bigint };

/** What the address of the Explore page says. */
export interface ExploreState {
  /** LogQL; empty shows the start page. */
  readonly query: string;
  readonly from: TimePoint;
  readonly to: TimePoint;
  /** `local`, `UTC` or an IANA name. */
  readonly timeZone: string;
  readonly direction: Direction;
  /** Follow new lines instead of searching the range. */
  readonly live: boolean;
  /** A metric query over time, or the values at the end of the range. */
  readonly view: "chart" | "table";
  /** Empty: the tenant that the server takes by itself. */
  readonly tenant: string;
  /** The line that a link points at, as the page named it; empty for none. */
  readonly line: string;
  /** Keys that are not ours, kept as they came. */
  readonly others: readonly (readonly [name: string, value: string])[];
}

export const defaultExploreState: ExploreState = {
  query: "",
  from: { type: "relative", beforeNowMs: 3_600_000 },
  to: { type: "relative", beforeNowMs: 0 },
  timeZone: "local",
  direction: "backward",
  live: false,
  view: "chart",
  tenant: "",
  line: "",
  others: [],
};

/**
 * The address of the Explore page in a given state.
 *
 * @param base where the page is served: `https://logs.example.com` or `https://example.com/logs/`.
 */
export function exploreUrl(base: string, state: Partial<ExploreState>): string {
  const search = printExploreState({ ...defaultExploreState, ...state });
  return `${base.replace(/\/+$/u, "")}/explore${search}`;
}

/** Prints a state as the query part of an address, with its `?`; what is default is left out. */
export function printExploreState(state: ExploreState): string {
  const params = new URLSearchParams();
  const set = (name: Key, value: string, unset: string): void => {
    if (value !== unset) {
      params.append(name, value);
    }
  };
  set("q", state.query, "");
  set("from", printTimePoint(state.from), printTimePoint(defaultExploreState.from));
  set("to", printTimePoint(state.to), printTimePoint(defaultExploreState.to));
  set("tz", state.timeZone, defaultExploreState.timeZone);
  set("dir", state.direction === "backward" ? "b" : "f", "b");
  set("live", state.live ? "1" : "", "");
  set("view", state.view, defaultExploreState.view);
  set("org", state.tenant, "");
  set("line", state.line, "");
  for (const [name, value] of state.others) {
    params.append(name, value);
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

/** Reads the query part of an address. What is missing or unreadable takes its default: a link always opens. */
export function parseExploreState(search: string): ExploreState {
  const params = new URLSearchParams(search);
  const text = (name: Key): string => params.get(name) ?? "";
  return {
    query: text("q"),
    from: parseTimePoint(text("from")) ?? defaultExploreState.from,
    to: parseTimePoint(text("to")) ?? defaultExploreState.to,
    timeZone: text("tz") || defaultExploreState.timeZone,
    direction: text("dir") === "f" ? "forward" : "backward",
    live: text("live") === "1",
    view: text("view") === "table" ? "table" : "chart",
    tenant: text("org"),
    line: text("line"),
    others: [...params].filter(([name]) => !isKey(name)),
  };
}

/** Reads `now`, `now-2h`, RFC 3339, or a Unix time in seconds, milliseconds or nanoseconds (told by its length). */
export function parseTimePoint(text: string): TimePoint | undefined {
  const relative = /^now(?:-(.+))?$/u.exec(text);
  if (relative !== null) {
    const beforeNowMs = relative[1] === undefined ? 0 : durationMs(relative[1]);
    return beforeNowMs === undefined ? undefined : { type: "relative", beforeNowMs };
  }
  const ns = /^-?\d+$/u.test(text) ? unixNs(text) : parseRfc3339Ns(text);
  return ns === undefined ? undefined : { type: "absolute", ns };
}

export function printTimePoint(point: TimePoint): string {
  if (point.type === "relative") {
    return point.beforeNowMs === 0 ? "now" : `now-${printDurationMs(point.beforeNowMs)}`;
  }
  // RFC 3339 has four-digit years only.
  return point.ns >= 0n && point.ns < 253_402_300_800n * nsPerSecond ? printRfc3339Ns(point.ns) : point.ns.toString();
}

/** The instant that a point means at a given now. Nanoseconds since the epoch. */
export function resolveTimePoint(point: TimePoint, nowMs: number): bigint {
  return point.type === "absolute" ? point.ns : BigInt(Math.round(nowMs - point.beforeNowMs)) * nsPerMs;
}

const keys = ["q", "from", "to", "tz", "dir", "live", "view", "org", "line"] as const;
type Key = (typeof keys)[number];

function isKey(name: string): name is Key {
  return (keys as readonly string[]).includes(name);
}

function durationMs(text: string): number | undefined {
  try {
    return parseDurationMs(text);
  } catch {
    return undefined;
  }
}

function unixNs(text: string): bigint {
  const value = BigInt(text);
  const digits = text.replace("-", "").length;
  return digits <= 11 ? value * nsPerSecond : digits <= 14 ? value * nsPerMs : value;
}
