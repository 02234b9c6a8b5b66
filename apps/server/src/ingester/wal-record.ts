import { decodeStreams, encodeStreams } from "@sluice/chunk";
import { ByteReader, ByteWriter } from "@sluice/model";
import type { AcceptedStream } from "../distributor/validate.ts";

/** One acknowledged push: what a record of the write-ahead log holds. */
export interface PushRecord {
  readonly tenant: string;
  readonly streams: readonly AcceptedStream[];
  /** Of the request's content; empty when it is not known. */
  readonly digest: string;
}

const version = 2;
/** Before there were digests. */
const versionMin = 1;

/** `version (1 byte) | tenant | digest (both varint length, UTF-8) | streams (columns, uncompressed)`. */
export function encodePushRecord(record: PushRecord): readonly Uint8Array[] {
  const head = new ByteWriter(64);
  head.u8(version);
  head.text(record.tenant);
  head.text(record.digest);
  return [head.finish(), ...encodeStreams(record.streams)];
}

/** @throws {ServiceError} `corrupt` when the bytes are not what {@link encodePushRecord} makes. */
export function decodePushRecord(bytes: Uint8Array): PushRecord {
  const reader = new ByteReader(bytes, "a record of the write-ahead log");
  const found = reader.u8();
  if (found < versionMin || found > version) {
    throw reader.corrupt(`its version is ${found}, this server knows ${versionMin} to ${version}`);
  }
  const tenant = reader.text();
  const digest = found === versionMin ? "" : reader.text();
  return { tenant, digest, streams: decodeStreams(reader.bytes(reader.remaining)) };
}
