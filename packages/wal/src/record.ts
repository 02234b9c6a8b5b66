import { crc32 } from "node:zlib";

/**
 * One record as it lies in a segment: a header of {@link recordHeaderBytes} bytes, then the record itself. The header
 * has a checksum of its own, so that a damaged record does not cost its neighbours: its length can still be trusted.
 * All numbers are little endian; the picture is in ../README.md.
 */
export const recordHeaderBytes = 24;

export interface RecordHeader {
  /** Bytes of the record, without this header. */
  readonly length: number;
  readonly position: number;
  /** Position of the first record that was written by the same write. */
  readonly groupFirst: number;
  /** CRC32 of the record's bytes. */
  readonly checksum: number;
}

/** Writes `header` into the first {@link recordHeaderBytes} bytes of `target`. */
export function writeRecordHeader(target: Uint8Array, header: RecordHeader, salt: number): void {
  const view = new DataView(target.buffer, target.byteOffset, recordHeaderBytes);
  view.setUint32(0, header.length, true);
  view.setBigUint64(4, BigInt(header.position), true);
  view.setUint32(12, header.position - header.groupFirst, true);
  view.setUint32(16, header.checksum, true);
  view.setUint32(20, headerChecksum(target, 0, salt), true);
}

/** Reads the header at `offset`; undefined when its checksum does not hold or the bytes end before it does. */
export function readRecordHeader(bytes: Uint8Array, offset: number, salt: number): RecordHeader | undefined {
  if (offset + recordHeaderBytes > bytes.length) {
    return undefined;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, recordHeaderBytes);
  if (view.getUint32(20, true) !== headerChecksum(bytes, offset, salt)) {
    return undefined;
  }
  const position = Number(view.getBigUint64(4, true));
  return {
    length: view.getUint32(0, true),
    position,
    groupFirst: position - view.getUint32(12, true),
    checksum: view.getUint32(16, true),
  };
}

/**
 * Offset of the first whole header in `bytes` from `from` on with a position in [positionMin, positionMax], or -1.
 * Only bytes that read as such a position are worth a checksum, which makes the search fast.
 */
export function findRecordHeader(
  bytes: Uint8Array,
  from: number,
  salt: number,
  positionMin: number,
  positionMax: number,
): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let offset = from; offset + recordHeaderBytes <= bytes.length; offset++) {
    const position = view.getUint32(offset + 4, true) + view.getUint32(offset + 8, true) * 2 ** 32;
    if (
      position >= positionMin &&
      position <= positionMax &&
      view.getUint32(offset + 20, true) === headerChecksum(bytes, offset, salt)
    ) {
      return offset;
    }
  }
  return -1;
}

export function checksumOf(parts: readonly Uint8Array[]): number {
  let checksum = 0;
  for (const part of parts) {
    checksum = crc32(part, checksum);
  }
  return checksum;
}

function headerChecksum(bytes: Uint8Array, offset: number, salt: number): number {
  return crc32(bytes.subarray(offset, offset + 20), salt);
}
