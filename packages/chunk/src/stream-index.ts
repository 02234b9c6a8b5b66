import { assert, type ByteReader, type ByteWriter, type Labels } from "@sluice/model";
import { readCount } from "./metadata-column.ts";

/** A condition on one label of a stream; a label that is missing has the value "". */
export interface LabelTest {
  readonly name: string;
  readonly test: (value: string) => boolean;
  /** Set when this is the only value that passes, and not "": then no other value is looked at. */
  readonly only?: string | undefined;
}

/** Gives equal texts, label sets and indexes as one, so that those of many segments take memory once. */
export interface LabelSharing {
  text(text: string): string;
  labels(labels: Labels): Labels;
  /** @param content the index as it is stored; `read` makes one of it. */
  index(content: Uint8Array, read: () => StreamIndex): StreamIndex;
}

export const noSharing: LabelSharing = {
  text: (text) => text,
  labels: (labels) => labels,
  index: (_content, read) => read(),
};

/**
 * The streams of a segment by their labels. A stream is known by its place in the order of labels. Its label set is made
 * when it is asked for; matching looks at every distinct value once, and at the streams of those values that matter.
 */
export class StreamIndex {
  readonly #count: number;
  /** Ascending. */
  readonly #names: readonly string[];
  /** Of label `n` the values are `[nameStarts[n], nameStarts[n + 1])`. */
  readonly #nameStarts: Uint32Array;
  /** Of every label, ascending. */
  readonly #values: readonly string[];
  /** The streams with value `v` are `streams[valueStarts[v], valueStarts[v + 1])`, ascending. */
  readonly #valueStarts: Uint32Array;
  readonly #streams: Uint32Array;
  /** The values that stream `s` has are `pairs[pairStarts[s], pairStarts[s + 1])`, ascending by name. */
  readonly #pairStarts: Uint32Array;
  readonly #pairs: Uint32Array;
  #labels: (Labels | undefined)[] | undefined;
  readonly #sharing: LabelSharing;

  private constructor(count: number, postings: Postings, sharing: LabelSharing) {
    this.#count = count;
    this.#names = postings.names;
    this.#nameStarts = Uint32Array.from(postings.nameStarts);
    this.#values = postings.values;
    this.#valueStarts = Uint32Array.from(postings.valueStarts);
    this.#streams = Uint32Array.from(postings.streams);
    this.#sharing = sharing;
    [this.#pairStarts, this.#pairs] = pairsOf(count, this.#valueStarts, this.#streams);
  }

  /** @param streams in the order of the segment. */
  static of(streams: readonly Labels[], sharing: LabelSharing = noSharing): StreamIndex {
    const byName = new Map<string, Map<string, number[]>>();
    for (const [stream, labels] of streams.entries()) {
      for (const { name, value } of labels) {
        const ofName = byName.get(name) ?? new Map<string, number[]>();
        byName.set(name, ofName);
        const ofValue = ofName.get(value) ?? [];
        ofName.set(value, ofValue);
        assert(ofValue.at(-1) !== stream, "a stream has each label once");
        ofValue.push(stream);
      }
    }
    const postings = new Postings();
    for (const name of [...byName.keys()].sort()) {
      postings.startName(sharing.text(name));
      const ofName = byName.get(name)!;
      for (const value of [...ofName.keys()].sort()) {
        postings.startValue(sharing.text(value));
        for (const stream of ofName.get(value)!) {
          postings.streams.push(stream);
        }
      }
    }
    return new StreamIndex(streams.length, postings.end(), sharing);
  }

  /** @throws {ServiceError} `corrupt` */
  static read(reader: ByteReader, sharing: LabelSharing = noSharing): StreamIndex {
    // Each of these takes a byte at least, but a stream without labels takes none; there is one such at most.
    const count = readCount(reader, reader.remaining);
    const postings = new Postings();
    const nameOfStream = new Uint32Array(count);
    let lastName: string | undefined;
    for (let n = readCount(reader, reader.remaining); n > 0; n--) {
      const name = sharing.text(reader.text());
      if (lastName !== undefined && name <= lastName) {
        throw reader.corrupt("its labels do not ascend");
      }
      lastName = name;
      postings.startName(name);
      let lastValue: string | undefined;
      for (let v = readCount(reader, reader.remaining); v > 0; v--) {
        const value = sharing.text(reader.text());
        if (lastValue !== undefined && value <= lastValue) {
          throw reader.corrupt("the values of a label do not ascend");
        }
        lastValue = value;
        postings.startValue(value);
        let stream = -1;
        for (let s = readCount(reader, reader.remaining); s > 0; s--) {
          stream += reader.varint() + 1;
          if (stream >= count || nameOfStream[stream] === postings.names.length) {
            throw reader.corrupt(`stream ${stream} of ${count} has a label that it cannot have`);
          }
          nameOfStream[stream] = postings.names.length;
          postings.streams.push(stream);
        }
      }
    }
    return new StreamIndex(count, postings.end(), sharing);
  }

  /** FORMAT.md has the layout. */
  write(out: ByteWriter): void {
    out.varint(this.#count);
    out.varint(this.#names.length);
    for (const [n, name] of this.#names.entries()) {
      const first = this.#nameStarts[n]!;
      const end = this.#nameStarts[n + 1]!;
      out.text(name);
      out.varint(end - first);
      for (let v = first; v < end; v++) {
        out.text(this.#values[v]!);
        const streams = this.#streamsWith(v);
        out.varint(streams.length);
        let last = -1;
        for (const stream of streams) {
          out.varint(stream - last - 1);
          last = stream;
        }
      }
    }
  }

  /** How many streams there are. */
  get count(): number {
    return this.#count;
  }

  /** Names that any stream has, ascending. */
  get labelNames(): readonly string[] {
    return this.#names;
  }

  /** Values that any stream has for the label, ascending. */
  labelValues(name: string): readonly string[] {
    const n = placeOf(this.#names, 0, this.#names.length, name);
    return n === undefined ? [] : this.#values.slice(this.#nameStarts[n], this.#nameStarts[n + 1]);
  }

  /** How many streams have the label's value. */
  streamCountOf(name: string, value: string): number {
    const v = this.#valuePlace(name, value);
    return v === undefined ? 0 : this.#streamsWith(v).length;
  }

  labelsAt(stream: number): Labels {
    this.#labels ??= Array.from({ length: this.#count });
    return (this.#labels[stream] ??= this.#sharing.labels(this.#makeLabels(stream)));
  }

  /** The streams, ascending, that pass all tests. */
  match(tests: readonly LabelTest[]): Uint32Array {
    let found: Uint32Array | undefined;
    // Equality first: it leaves few for the others.
    for (const { name, only } of tests) {
      if (only !== undefined) {
        const v = this.#valuePlace(name, only);
        const streams = v === undefined ? noStreams : this.#streamsWith(v);
        found = found === undefined ? streams : intersect(found, streams);
      }
    }
    for (const test of tests) {
      if (test.only === undefined && found?.length !== 0) {
        const passes = this.#passing(test);
        found = found === undefined ? indexesOf(passes) : found.filter((stream) => passes[stream] === 1);
      }
    }
    return found ?? Uint32Array.from({ length: this.#count }, (_, i) => i);
  }

  /** Bytes of memory, about, without the texts and label sets, which are shared. */
  get sizeBytes(): number {
    const numbers = this.#valueStarts.length + this.#nameStarts.length + this.#pairStarts.length;
    const addresses = this.#values.length + this.#names.length + this.#count;
    return objectBytes + numbers * 4 + this.#pairs.byteLength + this.#streams.byteLength + addresses * 8;
  }

  /** Per stream 1 when it passes. */
  #passing({ name, test }: LabelTest): Uint8Array {
    const passesWithout = test("") ? 1 : 0;
    const passes = new Uint8Array(this.#count).fill(passesWithout);
    const n = placeOf(this.#names, 0, this.#names.length, name);
    if (n === undefined) {
      return passes;
    }
    for (let v = this.#nameStarts[n]!; v < this.#nameStarts[n + 1]!; v++) {
      const passesWith = test(this.#values[v]!) ? 1 : 0;
      if (passesWith !== passesWithout) {
        for (let i = this.#valueStarts[v]!; i < this.#valueStarts[v + 1]!; i++) {
          passes[this.#streams[i]!] = passesWith;
        }
      }
    }
    return passes;
  }

  #valuePlace(name: string, value: string): number | undefined {
    const n = placeOf(this.#names, 0, this.#names.length, name);
    return n === undefined ? undefined : placeOf(this.#values, this.#nameStarts[n]!, this.#nameStarts[n + 1]!, value);
  }

  #streamsWith(value: number): Uint32Array {
    return this.#streams.subarray(this.#valueStarts[value], this.#valueStarts[value + 1]);
  }

  #makeLabels(stream: number): Labels {
    const pairs = this.#pairs.subarray(this.#pairStarts[stream], this.#pairStarts[stream + 1]);
    let n = 0;
    return Array.from(pairs, (value) => {
      while (this.#nameStarts[n + 1]! <= value) {
        n += 1;
      }
      return { name: this.#names[n]!, value: this.#values[value]! };
    });
  }
}

/** Of a few typed arrays and their object, in V8. */
const objectBytes = 1000;
const noStreams = new Uint32Array(0);

/** Label by label, value by value, the streams that have it; while an index is made. */
class Postings {
  readonly names: string[] = [];
  readonly nameStarts: number[] = [];
  readonly values: string[] = [];
  readonly valueStarts: number[] = [];
  readonly streams: number[] = [];

  startName(name: string): void {
    this.names.push(name);
    this.nameStarts.push(this.values.length);
  }

  startValue(value: string): void {
    this.values.push(value);
    this.valueStarts.push(this.streams.length);
  }

  end(): this {
    this.nameStarts.push(this.values.length);
    this.valueStarts.push(this.streams.length);
    return this;
  }
}

/** From the streams of each value the values of each stream, ascending. */
function pairsOf(
  streamCount: number,
  valueStarts: Uint32Array,
  streams: Uint32Array,
): [pairStarts: Uint32Array, pairs: Uint32Array] {
  const starts = new Uint32Array(streamCount + 1);
  for (const stream of streams) {
    starts[stream + 1]! += 1;
  }
  for (let stream = 0; stream < streamCount; stream++) {
    starts[stream + 1]! += starts[stream]!;
  }
  const pairs = new Uint32Array(streams.length);
  const next = starts.slice();
  for (let value = 0; value + 1 < valueStarts.length; value++) {
    for (let i = valueStarts[value]!; i < valueStarts[value + 1]!; i++) {
      const stream = streams[i]!;
      pairs[next[stream]!] = value;
      next[stream]! += 1;
    }
  }
  return [starts, pairs];
}

/** Where the text is in `[low, high)` of ascending texts. */
function placeOf(texts: readonly string[], low: number, high: number, wanted: string): number | undefined {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (texts[middle]! < wanted) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  return from < high && texts[from] === wanted ? from : undefined;
}

/** What two ascending lists have in common. */
function intersect(a: Uint32Array, b: Uint32Array): Uint32Array {
  const common = new Uint32Array(Math.min(a.length, b.length));
  let count = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const order = a[i]! - b[j]!;
    if (order === 0) {
      common[count++] = a[i]!;
    }
    i += order <= 0 ? 1 : 0;
    j += order >= 0 ? 1 : 0;
  }
  return common.subarray(0, count);
}

function indexesOf(flags: Uint8Array): Uint32Array {
  const indexes = new Uint32Array(flags.length);
  let count = 0;
  for (let i = 0; i < flags.length; i++) {
    if (flags[i] === 1) {
      indexes[count++] = i;
    }
  }
  return indexes.subarray(0, count);
}
