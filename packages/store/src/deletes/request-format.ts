import { ByteReader, ByteWriter, ServiceError } from "@sluice/model";
import { crc32 } from "node:zlib";
import type { DeleteRequest } from "./delete-request.ts";

/** How a request ended. */
export interface DeleteEnd {
  readonly outcome: "processed" | "cancelled";
  readonly atMs: number;
}

const requestMagic = 0x52_44_4c_53; // "SLDR", little endian
const endMagic = 0x45_44_4c_53; // "SLDE"
const version = 1;
const outcomes = ["processed", "cancelled"] as const;
const crcBytes = 4;

/** `magic u32 | version u8 | id, tenant, query text | startNs, endNs u64 | createdMs varint | crc32 of all before u32`. */
export function encodeRequest({ id, tenant, query, startNs, endNs, createdMs }: DeleteRequest): Uint8Array {
  return sealed(requestMagic, (writer) => {
    writer.text(id);
    writer.text(tenant);
    writer.text(query);
    writer.u64(startNs);
    writer.u64(endNs);
    writer.varint(createdMs);
  });
}

/** @throws {ServiceError} `corrupt` naming the key. */
export function decodeRequest(bytes: Uint8Array, key: string): DeleteRequest {
  return unsealed(bytes, requestMagic, key, (reader) => ({
    id: reader.text(),
    tenant: reader.text(),
    query: reader.text(),
    startNs: BigInt.asIntN(64, reader.u64()),
    endNs: BigInt.asIntN(64, reader.u64()),
    createdMs: reader.varint(),
  }));
}

/** `magic u32 | version u8 | 0 processed, 1 cancelled u8 | atMs varint | crc32 of all before u32`. */
export function encodeEnd({ outcome, atMs }: DeleteEnd): Uint8Array {
  return sealed(endMagic, (writer) => {
    writer.u8(outcomes.indexOf(outcome));
    writer.varint(atMs);
  });
}

/** @throws {ServiceError} `corrupt` naming the key. */
export function decodeEnd(bytes: Uint8Array, key: string): DeleteEnd {
  return unsealed(bytes, endMagic, key, (reader) => {
    const outcome = outcomes[reader.u8()];
    if (outcome === undefined) {
      throw reader.corrupt("its outcome is none");
    }
    return { outcome, atMs: reader.varint() };
  });
}

function sealed(magic: number, write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(magic);
  writer.u8(version);
  write(writer);
  writer.u32(crc32(writer.view()));
  return writer.finish();
}

function unsealed<Content>(
  bytes: Uint8Array,
  magic: number,
  key: string,
  read: (reader: ByteReader) => Content,
): Content {
  const what = `delete request ${key}`;
  const body = bytes.subarray(0, Math.max(0, bytes.length - crcBytes));
  const reader = new ByteReader(body, what);
  if (reader.u32() !== magic) {
    throw reader.corrupt("it does not begin as one");
  }
  const foundVersion = reader.u8();
  if (foundVersion !== version) {
    throw new ServiceError("corrupt", `${what} has version ${foundVersion}, this build reads version ${version}`);
  }
  if (crc32(body) !== new ByteReader(bytes.subarray(body.length), what).u32()) {
    throw reader.corrupt("its checksum does not match");
  }
  const content = read(reader);
  if (reader.remaining > 0) {
    throw reader.corrupt(`${reader.remaining} bytes follow its end`);
  }
  return content;
}
