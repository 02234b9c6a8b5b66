import { labelsFrom, noLabels, type LabelPair, type Labels } from "@sluice/model";
import { encodeMetadata } from "./encode-metadata.ts";
import { checkPairs } from "./limits.ts";
import { expectWireType, type WireReader, wireType } from "./wire-reader.ts";
import { contentSize, fieldSize } from "./wire-writer.ts";

/**
 * The different sets of structured metadata of one stream, each stored once. Most lines repeat a set byte by byte, so
 * a set is looked up by its bytes and read only when they are new.
 */
export class MetadataSets {
  readonly #reader: WireReader;
  readonly #sets: Labels[] = [noLabels];
  /** By the fields' bytes, as sent; a set that was not sent in canonical form is found by its canonical form too. */
  readonly #places = new Map<string, number>([["", 0]]);

  constructor(reader: WireReader) {
    this.#reader = reader;
  }

  get sets(): readonly Labels[] {
    return this.#sets;
  }

  /** The place in {@link sets} of the metadata fields between two offsets of an entry. */
  placeOf(start: number, end: number): number {
    const bytes = this.#reader.latin1(start, end);
    let place = this.#places.get(bytes);
    if (place === undefined) {
      const { set, isCanonical } = readMetadata(this.#reader, start, end);
      place = isCanonical ? this.#append(set) : this.#placeOfCanonical(set);
      this.#places.set(bytes, place);
    }
    return place;
  }

  #placeOfCanonical(set: Labels): number {
    const bytes = Buffer.from(encodeMetadata(set)).toString("latin1");
    let place = this.#places.get(bytes);
    if (place === undefined) {
      place = this.#append(set);
      this.#places.set(bytes, place);
    }
    return place;
  }

  #append(set: Labels): number {
    this.#sets.push(set);
    return this.#sets.length - 1;
  }
}

interface ReadMetadata {
  readonly set: Labels;
  /** Whether the bytes are the ones that encodeMetadata gives, so that no other bytes give the same set. */
  readonly isCanonical: boolean;
}

/** Reads the metadata fields between two offsets of an entry, and passes over others that lie between them. */
function readMetadata(reader: WireReader, start: number, end: number): ReadMetadata {
  const { offset: outerOffset, end: outerEnd } = reader;
  const pairs: LabelPair[] = [];
  let isCanonical = true;
  let canonicalSize = 0;
  reader.offset = start;
  while (reader.offset < end) {
    reader.end = end;
    const tag = reader.tag("EntryAdapter");
    if (tag >>> 3 !== 3) {
      reader.skip(tag);
      continue;
    }
    const pair = readLabelPair(reader, reader.lengthEnd());
    checkPairs(++reader.pairCount);
    isCanonical &&= pair.inOrder && (pairs.length === 0 || pairs.at(-1)!.name < pair.name);
    canonicalSize += fieldSize(pair.canonicalSize);
    pairs.push({ name: pair.name, value: pair.value });
  }
  reader.offset = outerOffset;
  reader.end = outerEnd;
  // Needless bytes of any kind (other fields, long varints, empty texts) show in the size.
  return { set: isCanonical ? pairs : labelsFrom(pairs), isCanonical: isCanonical && canonicalSize === end - start };
}

interface ReadPair extends LabelPair {
  readonly inOrder: boolean;
  readonly canonicalSize: number;
}

function readLabelPair(reader: WireReader, end: number): ReadPair {
  let name = "";
  let value = "";
  let inOrder = true;
  let canonicalSize = 0;
  reader.end = end;
  while (reader.offset < end) {
    const tag = reader.tag("LabelPairAdapter");
    const field = tag >>> 3;
    if (field !== 1 && field !== 2) {
      reader.skip(tag);
      continue;
    }
    expectWireType(tag, wireType.bytes, field === 1 ? "Name" : "Value");
    const textEnd = reader.lengthEnd();
    const length = textEnd - reader.offset;
    canonicalSize += contentSize(length);
    const text = reader.text(textEnd);
    if (field === 1) {
      inOrder &&= value === "" && name === "";
      name = text;
    } else {
      inOrder &&= value === "";
      value = text;
    }
  }
  return { name, value, inOrder, canonicalSize };
}
