import { ByteReader, ByteWriter, ServiceError } from "@sluice/model";
import { crc32 } from "node:zlib";
import type { Segment } from "../segment.ts";

/** One numbered step of the manifest, or (as a snapshot) all the steps up to its number in one. */
export interface ManifestRecord {
  readonly kind: "entry" | "snapshot";
  readonly sequence: number;
  /** Per WAL, the highest position that committed segments cover. An entry names only the WAL that it moves. */
  readonly walCovered: ReadonlyMap<string, number>;
  /** Keys of segments that are no longer there. */
  readonly removed: readonly string[];
  /** In order of arrival. */
  readonly added: readonly Segment[];
}

const magic = 0x4e_4d_4c_53; // "SLMN", little endian
const version = 1;
const kinds = ["entry", "snapshot"] as const;
const crcBytes = 4;
const recordBytesMin = 14;

/** Encodes a record; the layout is drawn in ../../README.md. */
export function encodeRecord(record: ManifestRecord): Uint8Array {
  const writer = new ByteWriter(1024);
  writer.u32(magic);
  writer.u8(version);
  writer.u8(kinds.indexOf(record.kind));
  writer.varint(record.sequence);
  writer.varint(record.walCovered.size);
  for (const [wal, position] of record.walCovered) {
    writer.text(wal);
    writer.varint(position);
  }
  writer.varint(record.removed.length);
  for (const key of record.removed) {
    writer.text(key);
  }
  writer.varint(record.added.length);
  for (const segment of record.added) {
    writeSegment(writer, segment);
  }
  writer.u32(crc32(writer.view()));
  return writer.finish();
}

/**
 * @param key names the object in errors.
 * @throws {ServiceError} `corrupt` when the bytes are not, to the last one, what was written as number `sequence`.
 */
export function decodeRecord(
  bytes: Uint8Array,
  key: string,
  kind: ManifestRecord["kind"],
  sequence: number,
): ManifestRecord {
  const what = `manifest object ${key}`;
  const body = bytes.subarray(0, Math.max(0, bytes.length - crcBytes));
  const reader = new ByteReader(body, what);
  if (reader.u32() !== magic) {
    throw reader.corrupt("it does not begin as a manifest object");
  }
  const foundVersion = reader.u8();
  if (foundVersion !== version) {
    throw new ServiceError("corrupt", `${what} has version ${foundVersion}, this build reads version ${version}`);
  }
  if (crc32(body) !== new ByteReader(bytes.subarray(body.length), what).u32()) {
    throw reader.corrupt("its checksum does not match");
  }
  const foundKind = kinds[reader.u8()];
  const foundSequence = reader.varint();
  if (foundKind !== kind || foundSequence !== sequence) {
    throw reader.corrupt(`it holds ${foundKind ?? "something"} ${foundSequence}, not ${kind} ${sequence}`);
  }
  const walCovered = new Map(list(reader, () => [reader.text(), reader.varint()] as const));
  const removed = list(reader, () => reader.text());
  const added = list(reader, () => readSegment(reader));
  if (reader.remaining > 0) {
    throw reader.corrupt(`${reader.remaining} bytes follow its end`);
  }
  return { kind, sequence, walCovered, removed, added };
}

/** Which record the bytes seem to be, by their beginning; undefined when it is not one's. */
export function peekRecord(bytes: Uint8Array): Pick<ManifestRecord, "kind" | "sequence"> | undefined {
  if (bytes.length < recordBytesMin) {
    return undefined;
  }
  const reader = new ByteReader(bytes, "the beginning");
  if (reader.u32() !== magic || reader.u8() !== version) {
    return undefined;
  }
  const kind = kinds[reader.u8()];
  return kind === undefined ? undefined : { kind, sequence: reader.varint() };
}

function list<Item>(reader: ByteReader, readItem: () => Item): Item[] {
  const count = reader.varint();
  const items: Item[] = [];
  for (let i = 0; i < count; i++) {
    items.push(readItem());
  }
  return items;
}

function writeSegment(writer: ByteWriter, segment: Segment): void {
  writer.text(segment.key);
  writer.text(segment.tenant);
  writer.signedVarint(segment.day);
  writer.u64(segment.minNs);
  writer.u64(segment.maxNs);
  writer.varint(segment.entryCount);
  writer.varint(segment.rawBytes);
  writer.varint(segment.sizeBytes);
  writer.varint(segment.footerBytes);
  writer.varint(segment.blockCount);
  writer.varint(segment.streamCount);
}

function readSegment(reader: ByteReader): Segment {
  return {
    key: reader.text(),
    tenant: reader.text(),
    day: reader.signedVarint(),
    minNs: BigInt.asIntN(64, reader.u64()),
    maxNs: BigInt.asIntN(64, reader.u64()),
    entryCount: reader.varint(),
    rawBytes: reader.varint(),
    sizeBytes: reader.varint(),
    footerBytes: reader.varint(),
    blockCount: reader.varint(),
    streamCount: reader.varint(),
  };
}
