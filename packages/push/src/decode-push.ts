import { decodeContent } from "./content-encoding.ts";
import { readJsonPush } from "./json-push.ts";
import { readLegacyJsonPush } from "./legacy-json-push.ts";
import { defaultPushLimits, type PushLimits } from "./limits.ts";
import { parseMediaType } from "./media-type.ts";
import { readPushRequest } from "./protobuf-push.ts";
import type { PushedStream } from "./pushed-stream.ts";
import { streamsOf } from "./push-columns.ts";
import { plainSnappyCodec, type SnappyCodec } from "./snappy.ts";

/** A push as HTTP brings it; header values as they came, undefined when the header is missing. */
export interface PushHttpRequest {
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
}

/**
 * Decodes the body of `POST /loki/api/v1/push`: JSON when the Content-Type says so, else snappy-compressed protobuf.
 * One element per stream object on the wire; a stream whose entries span more than 104 days gives several. Batches
 * may point into `request.body` or into one decompressed copy of it, which must not be changed afterwards.
 *
 * @param snappy the block codec; a server keeps one of `createSnappyCodec`, the default is the slower one without state.
 * @throws {ServiceError} and nothing else: `bad_data` for what is no push, with Loki's text where it has one,
 * `too_large` past `limits`.
 */
export function decodePush(
  request: PushHttpRequest,
  limits: PushLimits = defaultPushLimits,
  snappy: SnappyCodec = plainSnappyCodec,
): readonly PushedStream[] {
  return decode(request, limits, snappy, readJsonPush);
}

/** The same for `/api/prom/push`, whose JSON has another shape (see {@link readLegacyJsonPush}). */
export function decodeLegacyPush(
  request: PushHttpRequest,
  limits: PushLimits = defaultPushLimits,
  snappy: SnappyCodec = plainSnappyCodec,
): readonly PushedStream[] {
  return decode(request, limits, snappy, readLegacyJsonPush);
}

function decode(
  request: PushHttpRequest,
  limits: PushLimits,
  snappy: SnappyCodec,
  readJson: typeof readJsonPush,
): readonly PushedStream[] {
  const { decompressedBytesMax } = limits;
  // Loki looks at the encoding first, so a request with both headers wrong gets that message.
  const content = decodeContent(request.body, request.contentEncoding, decompressedBytesMax);
  switch (parseMediaType(request.contentType)) {
    case "application/json":
      return readJson(content, limits);
    default:
      return readProtobuf(content, limits, snappy);
  }
}

/** By the kernel where it can: it leaves what is odd to the reader that knows everything. */
function readProtobuf(content: Uint8Array, limits: PushLimits, snappy: SnappyCodec): readonly PushedStream[] {
  if (snappy.readPush === undefined) {
    return readPushRequest(snappy.decompress(content, limits.decompressedBytesMax), limits);
  }
  const { bytes, columns } = snappy.readPush(content, limits.decompressedBytesMax);
  return columns === undefined ? readPushRequest(bytes, limits) : streamsOf(bytes, columns, limits);
}
