import { crc32 } from "node:zlib";
import { type FileSystem, ServiceError } from "@sluice/model";

/** One file of the log. Owned by the log; `sizeBytes` grows as records become durable. */
export interface Segment {
  readonly name: string;
  readonly path: string;
  /** What the first record in it has, or will have, as its position. */
  readonly firstPosition: number;
  /**
   * A random number that the checksums of its record headers start from. Log lines are hostile: without it a line could
   * hold the bytes of a record, and the search for good records behind a damaged spot would take it for one.
   */
  readonly salt: number;
  sizeBytes: number;
}

export interface SegmentHeader {
  readonly firstPosition: number;
  /** Position of the last record before this segment: more than `firstPosition - 1 - previousPosition` missing is damage. */
  readonly previousPosition: number;
  readonly salt: number;
}

/** Later versions keep these bytes as they are, so that an older reader can say what it refuses. */
export const segmentHeaderBytes = 36;

const magic = new TextEncoder().encode("SLUICWAL");
const version = 1;
const namePattern = /^(\d{16})-([0-9a-f]{8})\.wal$/u;

/** The name repeats what reading needs of the header: a damaged header costs no record. Names sort by position. */
export function segmentName(firstPosition: number, salt: number): string {
  return `${firstPosition.toString().padStart(16, "0")}-${salt.toString(16).padStart(8, "0")}.wal`;
}

/** The segments of a directory in order; files of other names are not the log's business. */
export async function listSegments(fs: FileSystem, directory: string): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const name of await fs.list(directory)) {
    const match = namePattern.exec(name);
    if (match === null) {
      continue;
    }
    const path = `${directory}/${name}`;
    segments.push({
      name,
      path,
      firstPosition: Number(match[1]),
      salt: Number.parseInt(match[2]!, 16),
      sizeBytes: (await fs.stat(path))?.sizeBytes ?? 0,
    });
  }
  return segments.sort((a, b) => a.firstPosition - b.firstPosition);
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(segmentHeaderBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setUint32(8, version, true);
  view.setUint32(12, header.salt, true);
  view.setBigUint64(16, BigInt(header.firstPosition), true);
  view.setBigUint64(24, BigInt(header.previousPosition), true);
  view.setUint32(32, crc32(bytes.subarray(0, 32)), true);
  return bytes;
}

/**
 * Reads the header of the segment `name`; undefined when it is cut short, damaged or another segment's.
 *
 * @throws {ServiceError} `corrupt` when it is whole and of a version that this code does not know.
 */
export function decodeSegmentHeader(bytes: Uint8Array, name: string): SegmentHeader | undefined {
  if (bytes.length < segmentHeaderBytes || !magic.every((byte, i) => bytes[i] === byte)) {
    return undefined;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, segmentHeaderBytes);
  if (view.getUint32(32, true) !== crc32(bytes.subarray(0, 32))) {
    return undefined;
  }
  const found = view.getUint32(8, true);
  if (found !== version) {
    throw new ServiceError("corrupt", `WAL segment ${name} has format version ${found}, this build reads ${version}`);
  }
  const header = {
    firstPosition: Number(view.getBigUint64(16, true)),
    previousPosition: Number(view.getBigUint64(24, true)),
    salt: view.getUint32(12, true),
  };
  return segmentName(header.firstPosition, header.salt) === name ? header : undefined;
}
