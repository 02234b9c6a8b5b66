import { gunzipSync, inflateRawSync, zstdDecompressSync } from "node:zlib";
import { messageOf, quoteGo, ServiceError } from "@sluice/model";
import { decompressedTooLarge } from "./limits.ts";
import { decompressLz4 } from "./lz4-frame.ts";

/**
 * Undoes the request's Content-Encoding. "snappy" is accepted and means nothing: the protobuf body is snappy anyway.
 *
 * @throws {ServiceError} `too_large` when the content grows past `sizeBytesMax`; `bad_data` with Go's texts when it
 * is damaged or the encoding is not one of Loki's.
 */
export function decodeContent(body: Uint8Array, encoding: string | undefined, sizeBytesMax: number): Uint8Array {
  switch (encoding) {
    case undefined:
    case "":
    case "snappy":
      return body;
    case "gzip":
      return inflate(gunzipSync, "gzip", body, sizeBytesMax);
    case "deflate":
      return inflate(inflateRawSync, "flate", body, sizeBytesMax);
    default:
      throw new ServiceError("bad_data", `Content-Encoding ${quoteGo(encoding)} not supported`);
  }
}

/**
 * Undoes the Content-Encoding of an OTLP request.
 *
 * @throws {ServiceError} as {@link decodeContent}.
 */
export function decodeOtlpContent(body: Uint8Array, encoding: string | undefined, sizeBytesMax: number): Uint8Array {
  switch (encoding) {
    case undefined:
    case "":
      return body;
    case "gzip":
      return inflate(gunzipSync, "gzip", body, sizeBytesMax);
    case "zstd":
      return inflate(zstdDecompressSync, "zstd", body, sizeBytesMax);
    case "lz4":
      return unpackLz4(body, sizeBytesMax);
    default:
      throw new ServiceError(
        "bad_data",
        `unsupported content encoding ${encoding}: only gzip, lz4 and zstd are supported`,
      );
  }
}

function unpackLz4(body: Uint8Array, sizeBytesMax: number): Uint8Array {
  const content = decompressLz4(body, sizeBytesMax);
  if (content === undefined) {
    throw decompressedTooLarge(sizeBytesMax + 1, sizeBytesMax);
  }
  return content;
}

type Format = "gzip" | "flate" | "zstd";

function inflate(
  decompress: (body: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array,
  format: Format,
  body: Uint8Array,
  sizeBytesMax: number,
): Uint8Array {
  if (body.length === 0) {
    throw new ServiceError("bad_data", format === "gzip" ? "EOF" : "unexpected EOF");
  }
  try {
    return decompress(body, { maxOutputLength: Math.max(sizeBytesMax, 1) });
  } catch (error) {
    if (codeOf(error) === "ERR_BUFFER_TOO_LARGE") {
      // Like Loki, which stops reading one byte past the limit.
      throw decompressedTooLarge(sizeBytesMax + 1, sizeBytesMax);
    }
    throw new ServiceError("bad_data", damageText(format, messageOf(error)), { cause: error });
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function damageText(format: Format, zlibMessage: string): string {
  switch (zlibMessage) {
    case "unexpected end of file":
      return "unexpected EOF";
    case "incorrect header check":
      return "gzip: invalid header";
    case "Unknown frame descriptor":
      return "magic number mismatch";
    case "incorrect data check":
    case "incorrect length check":
      return "gzip: invalid checksum";
    default:
      return `${format}: corrupt input: ${zlibMessage}`;
  }
}
