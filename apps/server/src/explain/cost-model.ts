import type { PlannedScan } from "@sluice/logql";

/*
 * What a core does in a second, in bytes of lines: measured with the benches of the chunk and logql packages on their corpus
 * (JSON, logfmt and access logs of about 250 bytes a line). Good to know whether a query takes a second or an hour.
 */
const bytesPerSecond = {
  /** Blocks of segments read, decompressed and decoded. */
  read: 750e6,
  /** A text looked for through a whole block. */
  search: 6000e6,
  /** Entries counted or collected, when nothing filters them. */
  visit: 4000e6,
  /** Each stage, over the lines that come to it: */
  lineFilter: 1500e6,
  /** `json`, `logfmt`, `unpack`: all fields that there are. */
  fields: 300e6,
  /** `regexp` and `pattern`. */
  captures: 80e6,
  format: 110e6,
  other: 2500e6,
} as const;

/** Seconds of one core: when nothing passes the first filter or the query ends early, and when everything passes. */
export interface CpuSeconds {
  readonly atLeast: number;
  readonly atMost: number;
}

export interface ScanSize {
  /** Of segments; lines in memory need not be decompressed. */
  readonly storedRawBytes: number;
  readonly memoryRawBytes: number;
  readonly lines: number;
}

/**
 * @param linesWanted what a log query ends after, when every line is one; undefined when all are looked at.
 */
export function cpuSecondsOf(scan: PlannedScan, size: ScanSize, linesWanted: number | undefined): CpuSeconds {
  const bytes = size.storedRawBytes + size.memoryRawBytes;
  const reading = size.storedRawBytes / bytesPerSecond.read;
  const searching = searchesFirst(scan) ? bytes / bytesPerSecond.search : 0;
  const working = bytes * scan.stages.reduce((sum, { kind }) => sum + secondsPerByte(kind), 1 / bytesPerSecond.visit);
  const atMost = reading + searching + working;
  if (scan.request.isCounting === true) {
    return { atLeast: 0, atMost };
  }
  if (linesWanted !== undefined) {
    return { atLeast: size.lines === 0 ? 0 : atMost * Math.min(1, linesWanted / size.lines), atMost };
  }
  return { atLeast: searchesFirst(scan) ? reading + searching : atMost, atMost };
}

/** Whether a text of a line filter is looked for before any line is looked at. */
function searchesFirst({ request, stages }: PlannedScan): boolean {
  return stages[0]?.kind === "lineFilter" && (request.needles?.length ?? 0) > 0;
}

function secondsPerByte(kind: PlannedScan["stages"][number]["kind"]): number {
  switch (kind) {
    case "lineFilter":
      return 1 / bytesPerSecond.lineFilter;
    case "json":
    case "jsonExpressions":
    case "logfmt":
    case "logfmtExpressions":
    case "unpack":
      return 1 / bytesPerSecond.fields;
    case "regexp":
    case "pattern":
      return 1 / bytesPerSecond.captures;
    case "lineFormat":
    case "labelFormat":
      return 1 / bytesPerSecond.format;
    default:
      return 1 / bytesPerSecond.other;
  }
}
