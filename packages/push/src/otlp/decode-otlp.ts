import { ServiceError } from "@sluice/model";
import { decodeOtlpContent } from "../content-encoding.ts";
import type { PushHttpRequest } from "../decode-push.ts";
import { defaultPushLimits, type PushLimits } from "../limits.ts";
import type { PushedStream } from "../pushed-stream.ts";
import { readOtlpJson } from "./json-otlp.ts";
import { defaultOtlpMapping, type OtlpMapping } from "./otlp-mapping.ts";
import { readOtlpProtobuf } from "./protobuf-otlp.ts";
import { StreamCollector } from "./stream-collector.ts";

/** What a request leaves to its receiver. */
export interface OtlpOptions {
  readonly limits?: PushLimits;
  /** Where attributes go; Loki's defaults when absent. */
  readonly mapping?: OtlpMapping;
  /** The time of a record that has none, nanoseconds since the epoch; asked for each of them. */
  readonly nowNs: () => bigint;
}

/**
 * Decodes the body of `POST /otlp/v1/logs`, OpenTelemetry's ExportLogsServiceRequest in protobuf or JSON, to the streams
 * that Loki makes of it: resource attributes become labels or, like all else that a record has, structured metadata. One
 * element per different set of labels; a stream whose entries span more than 104 days gives several.
 *
 * @throws {ServiceError} and nothing else: `bad_data` for what is no such request, with Loki's text where it has one,
 * `too_large` past the limits.
 */
export function decodeOtlp(request: PushHttpRequest, options: OtlpOptions): readonly PushedStream[] {
  const { limits = defaultPushLimits, mapping = defaultOtlpMapping, nowNs } = options;
  const content = decodeOtlpContent(request.body, request.contentEncoding, limits.decompressedBytesMax);
  const streams = new StreamCollector(mapping, limits, nowNs);
  // Loki wants the header's very text; parameters, as in `application/json; charset=utf-8`, do no harm here.
  const mediaType = (request.contentType ?? "").split(";", 1)[0]!.trim().toLowerCase();
  if (mediaType !== "application/x-protobuf" && mediaType !== "application/json") {
    throw new ServiceError("bad_data", `content type: ${request.contentType ?? ""} is not supported`);
  }
  try {
    (mediaType === "application/json" ? readOtlpJson : readOtlpProtobuf)(content, streams);
    return streams.finish();
  } catch (error) {
    // A value's text is up to six times as long as the value.
    if (error instanceof RangeError || (error as NodeJS.ErrnoException).code === "ERR_STRING_TOO_LONG") {
      throw new ServiceError("too_large", "request body too large: a value is longer than a text can be", {
        cause: error,
      });
    }
    throw error;
  }
}
