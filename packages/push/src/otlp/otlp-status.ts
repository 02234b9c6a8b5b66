import { contentSize, writeHeader } from "../wire-writer.ts";

/** A google.rpc.Status with nothing but its message: how Loki tells an OTLP client what is wrong. */
export function encodeOtlpStatus(message: string): Uint8Array {
  const size = Buffer.byteLength(message);
  const bytes = Buffer.allocUnsafe(contentSize(size));
  if (size > 0) {
    bytes.write(message, writeHeader(bytes, 0, 0x12, size));
  }
  return bytes;
}
