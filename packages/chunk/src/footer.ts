import { crc32 } from "node:zlib";
import { ByteReader, ByteWriter, type Labels } from "@sluice/model";
import { readBlockTable, writeBlockTable, type BlockTable } from "./block-table.ts";
import { dayStartNs } from "./day.ts";
import { FilterTable } from "./filter-table.ts";
import { corrupt, readCount, readLabels } from "./metadata-column.ts";
import { noSharing, StreamIndex, type LabelSharing } from "./stream-index.ts";

/** What is known about a segment without reading its blocks. */
export interface SegmentFooter {
  readonly tenant: string;
  /** UTC day, counted from the epoch. */
  readonly day: number;
  readonly streams: StreamIndex;
  readonly blocks: BlockTable;
  /** Undefined when the segment has no skip filters, or none that this reader knows. */
  readonly filters: FilterTable | undefined;
  /** Whether there are skip filters of a version to come. */
  readonly hasUnknownFilters: boolean;
}

const tailMagic = new TextEncoder().encode("sluicesg");
/** 1 had the label sets of its streams one by one, and no filters. */
const versions = [1, 2] as const;
/** Footer length, footer CRC-32, magic. */
const trailerBytes = 4 + 4 + tailMagic.length;

/** Sections of the footer; a reader skips those that it does not know. */
const section = { streamsOfVersion1: 1, blocks: 2, filters: 3, streams: 4 } as const;

/** Footer and trailer. */
export function encodeFooter({ tenant, day, streams, blocks, filters }: SegmentFooter): Uint8Array {
  const out = new ByteWriter(4096);
  out.u8(versions.at(-1)!);
  out.text(tenant);
  out.signedVarint(day);
  writeSection(out, section.streams, (body) => streams.write(body));
  writeSection(out, section.blocks, (body) => writeBlockTable(body, blocks));
  if (filters !== undefined) {
    writeSection(out, section.filters, (body) => filters.write(body));
  }
  const length = out.length;
  const checksum = crc32(out.view());
  out.u32(length);
  out.u32(checksum);
  out.bytes(tailMagic);
  return out.finish();
}

/**
 * Reads a segment's footer.
 *
 * @param tail at least the segment's last `footerBytes` bytes; the whole segment will do.
 * @param what names the segment in errors.
 * @param sharing lets the footers of many segments have their texts in common.
 * @throws {ServiceError} `corrupt`
 */
export function readFooter(tail: Uint8Array, what: string, sharing: LabelSharing = noSharing): SegmentFooter {
  const footerName = `the footer of ${what}`;
  if (tail.length < trailerBytes) {
    throw corrupt(footerName, "the object is too short");
  }
  const trailer = new ByteReader(tail.subarray(tail.length - trailerBytes), footerName);
  const length = trailer.u32();
  const checksum = trailer.u32();
  if (!trailer.bytes(tailMagic.length).every((byte, i) => byte === tailMagic[i])) {
    throw corrupt(footerName, "this is not the end of a segment");
  }
  const start = tail.length - trailerBytes - length;
  if (start < 0) {
    throw corrupt(footerName, `it is ${length} bytes long, ${tail.length - trailerBytes} are there`);
  }
  const body = tail.subarray(start, start + length);
  if (crc32(body) !== checksum) {
    throw corrupt(footerName, "its checksum does not match");
  }
  return decodeFooter(body, footerName, sharing);
}

function writeSection(out: ByteWriter, id: number, write: (body: ByteWriter) => void): void {
  const body = new ByteWriter(4096);
  write(body);
  out.varint(id);
  out.varint(body.length);
  out.bytes(body.view());
}

function decodeFooter(body: Uint8Array, what: string, sharing: LabelSharing): SegmentFooter {
  const reader = new ByteReader(body, what);
  const version = reader.u8();
  if (!versions.some((known) => known === version)) {
    throw reader.corrupt(`its version is ${version}, this reader knows ${versions.join(" and ")}`);
  }
  const tenant = reader.text();
  const day = reader.signedVarint();
  const sections = new Map<number, Uint8Array>();
  while (reader.remaining > 0) {
    const id = reader.varint();
    sections.set(id, reader.bytes(reader.varint()));
  }
  const wanted = (id: number): Uint8Array => {
    const content = sections.get(id);
    if (content === undefined) {
      throw corrupt(what, `it has no section ${id}`);
    }
    return content;
  };
  const read = (id: number): ByteReader => new ByteReader(wanted(id), `section ${id} of ${what}`);
  const streams =
    version === 1
      ? StreamIndex.of(readStreams(read(section.streamsOfVersion1)), sharing)
      : sharing.index(wanted(section.streams), () => StreamIndex.read(read(section.streams), sharing));
  const blocks = readBlockTable(read(section.blocks), dayStartNs(day), streams.count);
  const hasFilters = sections.has(section.filters);
  const filters = hasFilters ? FilterTable.read(read(section.filters), blocks.length) : undefined;
  return { tenant, day, streams, blocks, filters, hasUnknownFilters: hasFilters && filters === undefined };
}

/** Label sets as version 1 has them. */
function readStreams(reader: ByteReader): Labels[] {
  return Array.from({ length: readCount(reader, reader.remaining) }, () => {
    const labels = readLabels(reader);
    if (labels.some(({ name }, i) => i > 0 && name <= labels[i - 1]!.name)) {
      throw reader.corrupt("a stream's labels do not ascend");
    }
    return labels;
  });
}
