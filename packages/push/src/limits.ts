import { ServiceError } from "@sluice/model";

/** What one push may cost, whatever its sender claims. */
export interface PushLimits {
  /** The body after every decompression (gzip or deflate, then snappy), in bytes; below 4 GiB. */
  readonly decompressedBytesMax: number;
  /** Streams of one request, counted after the split of streams that span more than 104 days. */
  readonly streamsMax: number;
  /** Entries of one request in protobuf: an empty one is two bytes on the wire and sixteen in memory. */
  readonly entriesMax: number;
}

/** Loki's default for the whole request is 100 MB on the wire; an agent's batch is 1 MiB. */
export const defaultPushLimits: PushLimits = Object.freeze({
  decompressedBytesMax: 104_857_600,
  streamsMax: 100_000,
  entriesMax: 5_000_000,
});

/** Loki's answer to a body that grows past the limit. */
export function decompressedTooLarge(sizeBytes: number, sizeBytesMax: number): ServiceError {
  return new ServiceError(
    "too_large",
    `request body too large: decompressed message size too large than max (${sizeBytes} vs ${sizeBytesMax})`,
  );
}

/** The answer to a request with more streams than memory should be spent on; Loki has no such limit. */
export function tooManyStreams(streamsMax: number): ServiceError {
  return new ServiceError("too_large", `request body too large: more than ${streamsMax} streams in one request`);
}

/** The same for entries. */
export function tooManyEntries(entriesMax: number): ServiceError {
  return new ServiceError("too_large", `request body too large: more than ${entriesMax} entries in one request`);
}

/** Pairs of structured metadata in the different sets of one request: an empty one is two bytes on the wire. */
const pairsMax = 5_000_000;

/** @throws {ServiceError} `too_large` when a request has more pairs than memory should be spent on; Loki has no such limit. */
export function checkPairs(count: number): void {
  if (count > pairsMax) {
    throw new ServiceError(
      "too_large",
      `request body too large: more than ${pairsMax} pairs of structured metadata in one request`,
    );
  }
}
