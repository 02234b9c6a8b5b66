import type { FileSystem, Logger } from "@sluice/model";
import { checksumOf } from "./record.ts";
import { listSegments, type Segment, segmentHeaderBytes } from "./segment.ts";
import { readSegmentHeader, scanRecords } from "./segment-scan.ts";
import { SegmentWriter } from "./segment-writer.ts";
import type { WalMetrics } from "./wal-metrics.ts";

export interface RecoveryPorts {
  readonly fs: FileSystem;
  readonly logger: Logger;
  readonly metrics: WalMetrics;
}

export interface Recovered {
  readonly segments: Segment[];
  /** The last position that was given out, as far as the directory tells; 0 when none was. */
  readonly lastPosition: number;
  /** The last segment when it can grow on; one that is damaged is left as it is. */
  readonly writer: SegmentWriter | undefined;
}

/**
 * Brings the directory into a state to append to, and makes that state durable: what is read from now on cannot vanish
 * in a power cut. Only the last segment can have been in the middle of a write; the others are checked when read.
 */
export async function recover(ports: RecoveryPorts, directory: string): Promise<Recovered> {
  await ports.fs.syncDirectory(directory);
  const segments = await listSegments(ports.fs, directory);
  let lastPosition = 0;
  for (let last = segments.at(-1); last !== undefined; last = segments.at(-1)) {
    lastPosition = Math.max(lastPosition, last.firstPosition - 1);
    const tail = await scanTail(ports.fs, last);
    if (tail.lastGood >= lastPosition && tail.headerIsGood && !tail.isDamaged) {
      const writer = await finishTail(ports, last, tail);
      return { segments, lastPosition: writer.nextPosition - 1, writer };
    }
    if (tail.headerIsGood || tail.lastGood >= last.firstPosition) {
      await quarantine(ports, directory, last);
      return { segments, lastPosition: Math.max(lastPosition, tail.lastGood), writer: undefined };
    }
    await setAside(ports, directory, last);
    segments.pop();
  }
  return { segments, lastPosition, writer: undefined };
}

/**
 * Keeps a second name for a damaged segment, `<name>.damaged`, which trimming leaves alone: whoever looks into the
 * damage finds the bytes as they were. Costs no space while the segment is there.
 */
export async function quarantine(ports: RecoveryPorts, directory: string, segment: Segment): Promise<void> {
  const { fs, logger, metrics } = ports;
  const damagedPath = `${segment.path}.damaged`;
  metrics.damagedSegments.add(1);
  logger.error("WAL segment is damaged, its good records stay readable", { segment: segment.path, damagedPath });
  try {
    await fs.link(segment.path, damagedPath);
    await fs.syncDirectory(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      logger.error("cannot keep the damaged WAL segment", { segment: segment.path, error });
    }
  }
}

/** How a segment ends. */
interface Tail {
  readonly headerIsGood: boolean;
  /** Position of the last good record, or the one before the segment when it has none. */
  readonly lastGood: number;
  /** Where the records end that are good and without a gap. */
  readonly goodOffset: number;
  readonly goodPosition: number;
  /** Good records behind a gap that belong to the write which the gap is in. */
  readonly survivors: readonly Uint8Array[];
  /** A record is missing before one of a later write: it had been acknowledged. */
  readonly isDamaged: boolean;
}

/**
 * A write is started only when the one before it is durable. So a gap before records of a later write is damage; a gap
 * with none but records of the same write behind it is a write that a power cut tore, whatever order the disk took.
 */
async function scanTail(fs: FileSystem, segment: Segment): Promise<Tail> {
  const file = await fs.open(segment.path, "read");
  try {
    await file.sync();
    const headerIsGood = (await readSegmentHeader(file, segment)) !== undefined;
    let lastGood = segment.firstPosition - 1;
    let goodOffset = segmentHeaderBytes;
    let goodPosition = lastGood;
    let isDamaged = false;
    let survivors: Uint8Array[] = [];
    for await (const record of scanRecords(file, segment)) {
      lastGood = record.position;
      if (record.position === goodPosition + 1) {
        goodOffset = record.endOffset;
        goodPosition = record.position;
      } else if (!isDamaged && record.groupFirst <= goodPosition + 1) {
        // A copy: the scan reads on into the same buffer.
        survivors.push(record.record.slice());
      } else {
        isDamaged = true;
        survivors = [];
      }
    }
    return { headerIsGood, lastGood, goodOffset, goodPosition, survivors, isDamaged };
  } finally {
    await file.close();
  }
}

/** Cuts off what the last write left unfinished, and appends its survivors again: no gap remains. */
async function finishTail(ports: RecoveryPorts, segment: Segment, tail: Tail): Promise<SegmentWriter> {
  const { fs, logger, metrics } = ports;
  const { goodOffset, goodPosition, survivors } = tail;
  const file = await fs.open(segment.path, "append");
  try {
    const cutBytes = segment.sizeBytes - goodOffset;
    if (cutBytes > 0) {
      metrics.cutBytes.add(cutBytes);
      logger.warn("cut an unfinished write off the end of the WAL", {
        segment: segment.path,
        cutBytes,
        lastPosition: goodPosition,
        recordsKept: survivors.length,
      });
      await file.truncate(goodOffset);
      await file.sync();
      segment.sizeBytes = goodOffset;
    }
    const writer = new SegmentWriter(file, segment, goodPosition + 1);
    if (survivors.length > 0) {
      await writer.appendGroup(
        survivors.map((record) => ({ parts: [record], length: record.length, checksum: checksumOf([record]) })),
      );
    }
    return writer;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A segment without a good byte: one that was being created goes, a longer one is kept for whoever looks into it. */
async function setAside(ports: RecoveryPorts, directory: string, segment: Segment): Promise<void> {
  const { fs, logger, metrics } = ports;
  if (segment.sizeBytes <= segmentHeaderBytes) {
    metrics.cutBytes.add(segment.sizeBytes);
    logger.warn("removed a WAL segment that was being created", { segment: segment.path, cutBytes: segment.sizeBytes });
    await fs.remove(segment.path);
  } else {
    metrics.damagedSegments.add(1);
    logger.error("no record of a WAL segment is readable", {
      segment: segment.path,
      damagedPath: `${segment.path}.damaged`,
    });
    await fs.rename(segment.path, `${segment.path}.damaged`);
  }
  await fs.syncDirectory(directory);
}
