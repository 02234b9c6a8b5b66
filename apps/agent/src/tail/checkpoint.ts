import { crc32 } from "node:zlib";
import { ServiceError } from "@sluice/model";
import { parse } from "yaml";
import { z } from "zod";
import type { TimeRange } from "./assigned-times.ts";
import type { FileHead } from "./identity.ts";

/**
 * A file's position as it lies on disk. The checkpoint holds one for every file; the manifest one for each time range
 * that was assigned since, with the offset left out.
 */
export interface SavedPosition {
  readonly target: string;
  readonly path: string;
  readonly dev: string;
  readonly ino: string;
  readonly head: FileHead;
  readonly offset: number;
  readonly seenMs: number;
  readonly times: readonly SavedTimes[];
}

/** `[start, end, seconds, nanos]` of a {@link TimeRange}. */
export type SavedTimes = readonly [number, number, number, number];

const Offset = z.int().min(0);
const SavedPositionSchema = z.object({
  target: z.string(),
  path: z.string(),
  dev: z.string(),
  ino: z.string(),
  head: z.object({ length: z.int().min(0), hash: z.string() }),
  offset: Offset,
  seenMs: z.number(),
  times: z.array(z.tuple([Offset, Offset, z.int(), z.int()]).readonly()),
});

export function saveTimes(range: TimeRange): SavedTimes {
  return [range.start, range.end, range.seconds, range.nanos];
}

export function restoreTimes([start, end, seconds, nanos]: SavedTimes): TimeRange {
  return { start, end, seconds, nanos, isDurable: true };
}

/** One record a line, `<crc32 of the JSON, 8 hex digits> <JSON>`: what both files consist of. */
export function encodeRecord(position: SavedPosition): string {
  const json = JSON.stringify(position);
  return `${checksum(json)} ${json}\n`;
}

/**
 * The good records at the start of `bytes`, and how many bytes they take. What follows is a torn write, or damage.
 */
export function decodeRecords(bytes: Uint8Array): { readonly records: SavedPosition[]; readonly goodBytes: number } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: SavedPosition[] = [];
  let start = 0;
  for (;;) {
    const end = buffer.indexOf(0x0a, start);
    const record = end === -1 ? undefined : decodeRecord(buffer.toString("utf8", start, end));
    if (record === undefined) {
      return { records, goodBytes: start };
    }
    records.push(record);
    start = end + 1;
  }
}

function decodeRecord(line: string): SavedPosition | undefined {
  const json = line.slice(9);
  if (line[8] !== " " || line.slice(0, 8) !== checksum(json)) {
    return undefined;
  }
  try {
    return SavedPositionSchema.parse(JSON.parse(json));
  } catch {
    return undefined;
  }
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, "0");
}

/**
 * The positions in Promtail's own format, `positions: {<path>: "<offset>"}`: what it takes to go back to Promtail. Of
 * files that had the same path the newest one counts.
 */
export function printPromtailPositions(positions: readonly SavedPosition[]): string {
  const byPath = new Map<string, SavedPosition>();
  for (const position of positions) {
    const other = byPath.get(position.path);
    if (other === undefined || other.seenMs <= position.seenMs) {
      byPath.set(position.path, position);
    }
  }
  const rows = [...byPath.values()].map(({ path, offset }) => `  ${JSON.stringify(path)}: "${offset}"\n`);
  return rows.length === 0 ? "positions: {}\n" : `positions:\n${rows.join("")}`;
}

/**
 * Reads Promtail's positions; entries that are no offsets of files (journal cursors) are left out.
 *
 * @throws {ServiceError} `corrupt` when it is not such a file.
 */
export function parsePromtailPositions(text: string): ReadonlyMap<string, number> {
  let parsed: unknown;
  try {
    parsed = parse(text);
  } catch (error) {
    throw new ServiceError("corrupt", "it is no YAML", { cause: error });
  }
  const result = z
    .object({ positions: z.record(z.string(), z.union([z.string(), z.number()])).nullable() })
    .safeParse(parsed);
  if (!result.success) {
    throw new ServiceError("corrupt", "it has no positions as Promtail writes them");
  }
  const offsets = Object.entries(result.data.positions ?? {}).map(([path, value]) => [path, Number(value)] as const);
  return new Map(
    offsets.filter(([path, offset]) => path.startsWith("/") && Number.isSafeInteger(offset) && offset >= 0),
  );
}
