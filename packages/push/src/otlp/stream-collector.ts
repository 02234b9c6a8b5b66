import {
  instantOf,
  labelsFrom,
  messageOf,
  noLabels,
  printLabels,
  ServiceError,
  type LabelPair,
  type Labels,
} from "@sluice/model";
import { JoinedBatches } from "../joined-batches.ts";
import { normalizeLabelName } from "../label-name.ts";
import { tooManyEntries, tooManyStreams, type PushLimits } from "../limits.ts";
import type { PushedStream } from "../pushed-stream.ts";
import { printValue, type Attribute, type AttributeValue } from "./attribute-value.ts";
import type { LogRecord, LogRecordSink, Scope } from "./log-record.ts";
import type { AttributeAction, OtlpMapping } from "./otlp-mapping.ts";

/**
 * Characters of labels and metadata of one request, those of a resource and a scope counted again for each of their
 * records: a small request must not become gigabytes.
 */
const metadataLengthMax = 256 * 1024 * 1024;
/** What a pair takes besides its characters, about. */
const pairLength = 16;
/** So many pairs are sorted by insertion. */
const fewPairs = 24;
/** Names that are remembered with what they are normalised to. */
const namesMax = 10_000;

/** Makes streams of the records of one request, as Loki does. @see Loki's pkg/loghttp/push/otlp.go */
export class StreamCollector implements LogRecordSink {
  readonly #mapping: OtlpMapping;
  readonly #limits: PushLimits;
  readonly #nowNs: () => bigint;
  readonly #batches = new Map<string, JoinedBatches>();
  readonly #names = new Map<string, string>();
  #entryCount = 0;
  #metadataLength = 0;
  #resourceLabels: readonly LabelPair[] = [];
  #resourceMetadata: readonly LabelPair[] = [];
  /** The metadata that all records of the scope have: its own and that of its resource. */
  #sharedMetadata: Labels = noLabels;
  /** The stream of records that add no label to those of their resource. */
  #resourceText = "{}";

  /** @param nowNs the time of a record that has none, nanoseconds since the epoch. */
  constructor(mapping: OtlpMapping, limits: PushLimits, nowNs: () => bigint) {
    this.#mapping = mapping;
    this.#limits = limits;
    this.#nowNs = nowNs;
  }

  resource(attributes: readonly Attribute[]): void {
    const labels: LabelPair[] = [];
    const metadata: LabelPair[] = [];
    for (const { key, value } of attributes) {
      this.#file(this.#mapping.resourceAction(key), key, value, labels, metadata);
    }
    this.#resourceLabels = labels;
    this.#resourceMetadata = metadata;
    this.#resourceText = this.#textOf(labels);
    this.#sharedMetadata = labelsFrom(metadata);
  }

  scope({ name, version, attributes, droppedAttributesCount }: Scope): void {
    const metadata: LabelPair[] = [];
    for (const { key, value } of attributes) {
      this.#file(this.#mapping.scopeAction(key), key, value, [], metadata);
    }
    pushText(metadata, "scope_name", name);
    pushText(metadata, "scope_version", version);
    pushNumber(metadata, "scope_dropped_attributes_count", droppedAttributesCount);
    this.#spend(this.#resourceMetadata);
    // Of two with one name the last one is what Loki shows.
    this.#sharedMetadata = labelsFrom([...this.#resourceMetadata, ...metadata]);
  }

  record(record: LogRecord): void {
    this.#entryCount += 1;
    if (this.#entryCount > this.#limits.entriesMax) {
      throw tooManyEntries(this.#limits.entriesMax);
    }
    const labels: LabelPair[] = [];
    const own: LabelPair[] = [];
    for (const { key, value } of record.attributes) {
      // The field of this name hides the attribute.
      if (key !== "event_name" || record.eventName === "") {
        this.#file(this.#mapping.logAction(key), key, value, labels, own);
      }
    }
    this.#fileFields(record, labels, own);
    const text = labels.length === 0 ? this.#resourceText : this.#textOf([...this.#resourceLabels, ...labels]);
    this.#spend(this.#sharedMetadata);
    const metadata = own.length === 0 ? this.#sharedMetadata : merged(sortedOf(own), this.#sharedMetadata);
    const ns = BigInt.asIntN(64, record.timeNs || record.observedNs || this.#nowNs());
    const { seconds, nanos } = instantOf(ns);
    this.#batchesOf(text).add(seconds, nanos, record.line, metadata);
  }

  /** @throws {ServiceError} `too_large` when there are more streams than one push may have. */
  finish(): readonly PushedStream[] {
    const streams = [...this.#batches].flatMap(([labels, batches]) =>
      batches.finish().map((batch) => ({ labels, batch })),
    );
    if (streams.length > this.#limits.streamsMax) {
      throw tooManyStreams(this.#limits.streamsMax);
    }
    return streams;
  }

  #fileFields(record: LogRecord, labels: LabelPair[], own: LabelPair[]): void {
    const before = own.length;
    if (record.timeNs !== 0n && record.observedNs !== 0n) {
      pushText(own, "observed_timestamp", String(BigInt.asIntN(64, record.observedNs)));
    }
    pushNumber(own, "severity_number", record.severityNumber);
    pushText(own, "severity_text", record.severityText);
    if (this.#mapping.severityTextAsLabel) {
      pushText(labels, "severity_text", record.severityText);
    }
    pushNumber(own, "dropped_attributes_count", record.droppedAttributesCount);
    pushNumber(own, "flags", record.flags);
    pushText(own, "trace_id", record.traceId);
    pushText(own, "span_id", record.spanId);
    pushText(own, "event_name", record.eventName);
    this.#spend(own.slice(before));
  }

  #file(action: AttributeAction, key: string, value: AttributeValue, labels: LabelPair[], metadata: LabelPair[]): void {
    if (action !== "drop") {
      this.#flatten(key, value, action === "index_label" ? labels : metadata, 1);
    }
  }

  /** A map becomes one pair for each of its values. */
  #flatten(key: string, value: AttributeValue, pairs: LabelPair[], depth: number): void {
    const name = this.#nameOf(key, depth);
    if (value instanceof Map) {
      for (const [inner, innerValue] of value as ReadonlyMap<string, AttributeValue>) {
        this.#spendLength(name.length);
        this.#flatten(`${name}_${inner}`, innerValue, pairs, depth + 1);
      }
      return;
    }
    const pair = { name, value: printValue(value) };
    this.#spend([pair]);
    pairs.push(pair);
  }

  #nameOf(key: string, depth: number): string {
    const known = this.#names.get(key);
    if (known !== undefined) {
      return known;
    }
    let name: string;
    try {
      name = normalizeLabelName(key);
    } catch (error) {
      throw new ServiceError("bad_data", `${"symbolizer lookup: ".repeat(depth)}${messageOf(error)}`, { cause: error });
    }
    if (this.#names.size < namesMax) {
      this.#names.set(key, name);
    }
    return name;
  }

  #textOf(labels: readonly LabelPair[]): string {
    this.#spend(labels);
    return printLabels(labelsFrom(labels));
  }

  #batchesOf(text: string): JoinedBatches {
    let batches = this.#batches.get(text);
    if (batches === undefined) {
      if (this.#batches.size >= this.#limits.streamsMax) {
        throw tooManyStreams(this.#limits.streamsMax);
      }
      batches = new JoinedBatches();
      this.#batches.set(text, batches);
    }
    return batches;
  }

  #spend(pairs: readonly LabelPair[]): void {
    let length = 0;
    for (const { name, value } of pairs) {
      length += name.length + value.length + pairLength;
    }
    this.#spendLength(length);
  }

  #spendLength(length: number): void {
    this.#metadataLength += length;
    if (this.#metadataLength > metadataLengthMax) {
      throw new ServiceError(
        "too_large",
        `request body too large: more than ${metadataLengthMax} characters of attributes in one request, those of resources and scopes counted for each of their records`,
      );
    }
  }
}

/** Sorted by name, in place where there are few; of two with one name the last one. */
function sortedOf(pairs: LabelPair[]): Labels {
  if (pairs.length > fewPairs) {
    return labelsFrom(pairs);
  }
  for (let i = 1; i < pairs.length; i++) {
    const pair = pairs[i]!;
    let place = i;
    while (place > 0 && pairs[place - 1]!.name > pair.name) {
      place -= 1;
    }
    if (place > 0 && pairs[place - 1]!.name === pair.name) {
      pairs[place - 1] = pair;
      pairs.splice(i, 1);
      i -= 1;
    } else if (place < i) {
      pairs.copyWithin(place + 1, place, i);
      pairs[place] = pair;
    }
  }
  return pairs;
}

/** Two sets as one; of a name in both the pair of the second. */
function merged(first: Labels, second: Labels): Labels {
  const all: LabelPair[] = [];
  let i = 0;
  for (const pair of second) {
    while (i < first.length && first[i]!.name < pair.name) {
      all.push(first[i++]!);
    }
    if (i < first.length && first[i]!.name === pair.name) {
      i += 1;
    }
    all.push(pair);
  }
  while (i < first.length) {
    all.push(first[i++]!);
  }
  return all;
}

function pushText(pairs: LabelPair[], name: string, value: string): void {
  if (value !== "") {
    pairs.push({ name, value });
  }
}

function pushNumber(pairs: LabelPair[], name: string, value: number): void {
  if (value !== 0) {
    pairs.push({ name, value: String(value) });
  }
}
