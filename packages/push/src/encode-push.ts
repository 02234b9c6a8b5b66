import { metadataAt, nsPerSecond, type EntryBatch } from "@sluice/model";
import { PushEncoder } from "./push-encoder.ts";
import { plainSnappyCodec, type SnappyCodec } from "./snappy.ts";

/**
 * Encodes streams as the body of a push (`Content-Type: application/x-protobuf`): a snappy block of a
 * logproto.PushRequest. Streams of equal label text become one.
 */
export function encodePush(
  streams: readonly { readonly labels: string; readonly batch: EntryBatch }[],
  snappy: SnappyCodec = plainSnappyCodec,
): Uint8Array {
  const encoder = new PushEncoder(snappy);
  for (const { labels, batch } of streams) {
    addBatch(encoder, labels, batch);
  }
  return encoder.finish();
}

function addBatch(encoder: PushEncoder, labels: string, batch: EntryBatch): void {
  const baseNanos = Number(BigInt.asUintN(64, ((batch.baseNs % nsPerSecond) + nsPerSecond) % nsPerSecond));
  const baseSeconds = Number((batch.baseNs - BigInt(baseNanos)) / nsPerSecond);
  for (let i = 0; i < batch.count; i++) {
    // Split before adding: base and delta together may exceed 2^53.
    const delta = batch.deltaNs[i]!;
    const deltaNanos = delta % 1e9;
    let seconds = baseSeconds + (delta - deltaNanos) / 1e9;
    let nanos = baseNanos + deltaNanos;
    if (nanos < 0) {
      nanos += 1e9;
      seconds -= 1;
    } else if (nanos >= 1e9) {
      nanos -= 1e9;
      seconds += 1;
    }
    encoder.addEntry(
      labels,
      seconds,
      nanos,
      batch.bytes,
      batch.lineStarts[i]!,
      batch.lineEnds[i]!,
      metadataAt(batch, i),
    );
  }
}
