import { randomBytes } from "node:crypto";
import { type FileSystem, type OpenFile, ServiceError } from "@sluice/model";
import { recordHeaderBytes, writeRecordHeader } from "./record.ts";
import { encodeSegmentHeader, type Segment, segmentHeaderBytes, segmentName } from "./segment.ts";

/** A record on its way to the disk. */
export interface EncodedRecord {
  readonly parts: readonly Uint8Array[];
  /** Sum of the parts. */
  readonly length: number;
  /** CRC32 over the parts. */
  readonly checksum: number;
}

/** The segment that grows. */
export class SegmentWriter {
  readonly segment: Segment;
  readonly #file: OpenFile;
  #nextPosition: number;

  /** @param file open for appending, and as long as `segment.sizeBytes` says. */
  constructor(file: OpenFile, segment: Segment, nextPosition: number) {
    this.#file = file;
    this.segment = segment;
    this.#nextPosition = nextPosition;
  }

  get nextPosition(): number {
    return this.#nextPosition;
  }

  /** Whether it has no record yet. No two segments may begin at one position, so an empty one must be used. */
  get isEmpty(): boolean {
    return this.#nextPosition === this.segment.firstPosition;
  }

  /**
   * Writes the records as one group and syncs once.
   *
   * @throws {ServiceError} `unavailable` when there is no space: the file is then as it was before. After any other
   * error nothing is known about the file, and the process must end.
   */
  async appendGroup(records: readonly EncodedRecord[]): Promise<void> {
    const { segment } = this;
    const parts = encodeGroup(records, this.#nextPosition, segment.salt);
    try {
      await this.#file.append(parts);
    } catch (error) {
      if (!isOutOfSpace(error)) {
        throw error;
      }
      await this.#file.truncate(segment.sizeBytes);
      await this.#file.sync();
      throw outOfSpace(segment.path, error);
    }
    await this.#file.sync();
    segment.sizeBytes += parts.reduce((sum, part) => sum + part.length, 0);
    this.#nextPosition += records.length;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/**
 * Starts a segment in `directory`; it is durable, name and all, when this resolves.
 *
 * @throws {ServiceError} `unavailable` when there is no space; nothing is left behind then.
 */
export async function createSegment(
  fs: FileSystem,
  directory: string,
  positions: { readonly first: number; readonly previous: number },
): Promise<SegmentWriter> {
  const salt = randomBytes(4).readUInt32LE();
  const name = segmentName(positions.first, salt);
  const path = `${directory}/${name}`;
  let file: OpenFile | undefined;
  try {
    file = await fs.open(path, "create");
    await file.append([
      encodeSegmentHeader({ firstPosition: positions.first, previousPosition: positions.previous, salt }),
    ]);
  } catch (error) {
    await file?.close();
    if (!isOutOfSpace(error)) {
      throw error;
    }
    await fs.remove(path);
    throw outOfSpace(path, error);
  }
  await file.sync();
  await fs.syncDirectory(directory);
  const segment = { name, path, firstPosition: positions.first, salt, sizeBytes: segmentHeaderBytes };
  return new SegmentWriter(file, segment, positions.first);
}

function encodeGroup(records: readonly EncodedRecord[], groupFirst: number, salt: number): Uint8Array[] {
  const headers = new Uint8Array(records.length * recordHeaderBytes);
  const parts: Uint8Array[] = [];
  for (const [i, { length, checksum, parts: recordParts }] of records.entries()) {
    const header = headers.subarray(i * recordHeaderBytes, (i + 1) * recordHeaderBytes);
    writeRecordHeader(header, { length, position: groupFirst + i, groupFirst, checksum }, salt);
    parts.push(header);
    // One by one: a push of many streams has more parts than a call can have arguments.
    for (const part of recordParts) {
      parts.push(part);
    }
  }
  return parts;
}

function isOutOfSpace(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT";
}

function outOfSpace(path: string, cause: unknown): ServiceError {
  return new ServiceError("unavailable", `no space left to append to the WAL segment ${path}`, { cause });
}
