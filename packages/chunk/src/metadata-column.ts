import { ServiceError, type ByteReader, type ByteWriter, type Labels, type MetadataColumn } from "@sluice/model";

/** Label sets of one entry or stream: count, then names and values. */
export function writeLabels(out: ByteWriter, labels: Labels): void {
  out.varint(labels.length);
  for (const { name, value } of labels) {
    out.text(name);
    out.text(value);
  }
}

export function readLabels(reader: ByteReader): Labels {
  const count = readCount(reader, reader.remaining);
  return Array.from({ length: count }, () => ({ name: reader.text(), value: reader.text() }));
}

/** The sets (the first, empty one is understood), then each row's set as a varint. */
export function writeMetadata(out: ByteWriter, { sets, index }: MetadataColumn): void {
  const used = sets.slice(1);
  out.varint(used.length);
  for (const labels of used) {
    writeLabels(out, labels);
  }
  for (const place of index) {
    out.varint(place);
  }
}

/** @throws {ServiceError} `corrupt` */
export function readMetadata(reader: ByteReader, rowCount: number): MetadataColumn {
  const sets = readSets(reader);
  return { sets, index: readIndex(reader, rowCount, sets.length) };
}

/**
 * {@link readMetadata} of a column that is read to its end: which set a row has is found out when it is asked for, since who
 * looks for a label mostly sees from the sets that it is not there.
 *
 * @throws {ServiceError} `corrupt`, the index, too.
 */
export function readMetadataColumn(reader: ByteReader, rowCount: number): MetadataColumn {
  const sets = readSets(reader);
  let index: Uint32Array | undefined;
  return {
    sets,
    get index() {
      return (index ??= readIndex(reader, rowCount, sets.length));
    },
  };
}

function readSets(reader: ByteReader): Labels[] {
  const count = readCount(reader, reader.remaining);
  return [[], ...Array.from({ length: count }, () => readLabels(reader))];
}

function readIndex(reader: ByteReader, rowCount: number, setCount: number): Uint32Array {
  const index = new Uint32Array(rowCount);
  for (let i = 0; i < rowCount; i++) {
    const place = reader.varint();
    if (place >= setCount) {
      throw reader.corrupt(`row ${i} has metadata set ${place} of ${setCount - 1}`);
    }
    index[i] = place;
  }
  return index;
}

/**
 * A count of things that take at least one byte each, so that damage cannot make us reserve more than there is.
 *
 * @throws {ServiceError} `corrupt`
 */
export function readCount(reader: ByteReader, most: number): number {
  const count = reader.varint();
  if (count > most) {
    throw reader.corrupt(`a count of ${count} where at most ${most} fit`);
  }
  return count;
}

export function corrupt(what: string, why: string): ServiceError {
  return new ServiceError("corrupt", `${what} is damaged: ${why}`);
}
