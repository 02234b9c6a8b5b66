import { noLabels, type EntryBatch, type Labels } from "@sluice/model";
import { EntryColumns } from "./entry-columns.ts";

/** Builds the joined batches of one stream from lines that came as strings, or scattered in UTF-8. */
export class JoinedBatches {
  readonly #seconds: number[] = [];
  readonly #nanos: number[] = [];
  readonly #lines: (string | Uint8Array)[] = [];
  readonly #metadata: number[] = [];
  readonly #sets: Labels[] = [noLabels];
  readonly #places = new Map<string, number>();
  #lastMetadata: Labels = noLabels;
  #lastPlace = 0;
  #sizeBytes = 0;

  /** @param nanos in [0, 1e9), after `seconds`. */
  add(seconds: number, nanos: number, line: string | Uint8Array, metadata: Labels = noLabels): void {
    this.#seconds.push(seconds);
    this.#nanos.push(nanos);
    this.#lines.push(line);
    this.#metadata.push(metadata.length === 0 ? 0 : this.#placeOf(metadata));
    this.#sizeBytes += (typeof line === "string" ? Buffer.byteLength(line) : line.length) + 1;
  }

  /** The batches; one without entries when none was added. */
  finish(): readonly EntryBatch[] {
    const buffer = Buffer.allocUnsafeSlow(this.#sizeBytes);
    // Not a Buffer for the batch's readers: its slice() would not copy.
    const columns = new EntryColumns(new Uint8Array(buffer.buffer), this.#lines.length, this.#sets);
    let offset = 0;
    for (const [i, line] of this.#lines.entries()) {
      const start = offset;
      offset += writeLine(buffer, offset, line);
      columns.add(this.#seconds[i]!, this.#nanos[i]!, start, offset, this.#metadata[i]!);
      buffer[offset] = 0x0a;
      offset += 1;
    }
    const batches = columns.finish();
    return batches.length === 1 ? batches : batches.map(withOwnLines);
  }

  #placeOf(metadata: Labels): number {
    if (metadata === this.#lastMetadata) {
      return this.#lastPlace;
    }
    let content = "";
    for (const { name, value } of metadata) {
      // With the lengths no other names and values give the same text.
      content += `${name.length}:${value.length}:${name}${value}`;
    }
    let place = this.#places.get(content);
    if (place === undefined) {
      place = this.#sets.length;
      this.#sets.push(metadata);
      this.#places.set(content, place);
    }
    this.#lastMetadata = metadata;
    this.#lastPlace = place;
    return place;
  }
}

function writeLine(buffer: Buffer, offset: number, line: string | Uint8Array): number {
  if (typeof line === "string") {
    return buffer.write(line, offset);
  }
  buffer.set(line, offset);
  return line.length;
}

/** A joined batch has no bytes but those of its lines. */
function withOwnLines(batch: EntryBatch): EntryBatch {
  const start = batch.lineStarts[0]!;
  return {
    ...batch,
    bytes: batch.bytes.subarray(start, batch.lineEnds[batch.count - 1]! + 1),
    lineStarts: batch.lineStarts.map((offset) => offset - start),
    lineEnds: batch.lineEnds.map((offset) => offset - start),
  };
}
