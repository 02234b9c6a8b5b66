import { expectWireType, wireType } from "../wire-reader.ts";
import type { Attribute } from "./attribute-value.ts";
import type { LogRecordSink, Scope } from "./log-record.ts";
import { eachField, lengthEnd, OtlpReader, readAttribute, readBody, readId } from "./protobuf-values.ts";

/**
 * Reads an ExportLogsServiceRequest (see schema.ts), record by record: nothing but the record in work is kept.
 *
 * Like the collector's reader, which Loki uses, it lets the last occurrence of a field win, joins attributes that come in
 * several places, and passes over fields that it does not know.
 *
 * @throws {ServiceError} `bad_data` when the bytes are no such request, `too_large` when one owner has too many values, and whatever the sink throws.
 */
export function readOtlpProtobuf(bytes: Uint8Array, sink: LogRecordSink): void {
  const reader = new OtlpReader(bytes);
  eachField(reader, bytes.length, "ExportLogsServiceRequest", (field, tag) => {
    if (field !== 1) {
      reader.skip(tag);
      return;
    }
    readResourceLogs(reader, lengthEnd(reader, tag, "ResourceLogs"), sink);
  });
}

/** Two walks: what the records share may stand behind them. */
function readResourceLogs(reader: OtlpReader, end: number, sink: LogRecordSink): void {
  const start = reader.offset;
  reader.startOwner();
  const attributes: Attribute[] = [];
  eachField(reader, end, "ResourceLogs", (field, tag) => {
    if (field === 1) {
      readResource(reader, lengthEnd(reader, tag, "Resource"), attributes);
    } else {
      reader.skip(tag);
    }
  });
  sink.resource(attributes);
  reader.offset = start;
  eachField(reader, end, "ResourceLogs", (field, tag) => {
    if (field === 2) {
      readScopeLogs(reader, lengthEnd(reader, tag, "ScopeLogs"), sink);
    } else {
      reader.skip(tag);
    }
  });
}

function readResource(reader: OtlpReader, end: number, attributes: Attribute[]): void {
  eachField(reader, end, "Resource", (field, tag) => {
    if (field === 1) {
      attributes.push(readAttribute(reader, lengthEnd(reader, tag, "Attributes")));
    } else {
      reader.skip(tag);
    }
  });
}

function readScopeLogs(reader: OtlpReader, end: number, sink: LogRecordSink): void {
  const start = reader.offset;
  reader.startOwner();
  const scope = { name: "", version: "", attributes: [] as Attribute[], droppedAttributesCount: 0 };
  eachField(reader, end, "ScopeLogs", (field, tag) => {
    if (field === 1) {
      readScope(reader, lengthEnd(reader, tag, "Scope"), scope);
    } else {
      reader.skip(tag);
    }
  });
  sink.scope(scope);
  reader.offset = start;
  const record = new RecordReader(reader);
  eachField(reader, end, "ScopeLogs", (field, tag) => {
    if (field === 2) {
      record.read(lengthEnd(reader, tag, "LogRecords"));
      sink.record(record);
    } else {
      reader.skip(tag);
    }
  });
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

function readScope(
  reader: OtlpReader,
  end: number,
  scope: Mutable<Scope> & { readonly attributes: Attribute[] },
): void {
  eachField(reader, end, "InstrumentationScope", (field, tag) => {
    switch (field) {
      case 1:
        scope.name = reader.text(lengthEnd(reader, tag, "Name"));
        break;
      case 2:
        scope.version = reader.text(lengthEnd(reader, tag, "Version"));
        break;
      case 3:
        scope.attributes.push(readAttribute(reader, lengthEnd(reader, tag, "Attributes")));
        break;
      case 4:
        expectWireType(tag, wireType.varint, "DroppedAttributesCount");
        scope.droppedAttributesCount = reader.int32() >>> 0;
        break;
      default:
        reader.skip(tag);
    }
  });
}

/** The record that was read last. One object serves all of a scope. */
class RecordReader {
  timeNs = 0n;
  observedNs = 0n;
  severityNumber = 0;
  severityText = "";
  line: string | Uint8Array = "";
  attributes: Attribute[] = [];
  droppedAttributesCount = 0;
  flags = 0;
  traceId = "";
  spanId = "";
  eventName = "";
  readonly #reader: OtlpReader;

  constructor(reader: OtlpReader) {
    this.#reader = reader;
  }

  /** Reads the record from the reader's offset to `end`. */
  read(end: number): void {
    this.#reader.startOwner();
    this.timeNs = 0n;
    this.observedNs = 0n;
    this.severityNumber = 0;
    this.severityText = "";
    this.line = "";
    this.attributes = [];
    this.droppedAttributesCount = 0;
    this.flags = 0;
    this.traceId = "";
    this.spanId = "";
    this.eventName = "";
    eachField(this.#reader, end, "LogRecord", (field, tag) => this.#readField(field, tag));
  }

  #readField(field: number, tag: number): void {
    const reader = this.#reader;
    switch (field) {
      case 1:
        expectWireType(tag, wireType.fixed64, "TimeUnixNano");
        this.timeNs = reader.fixed64();
        break;
      case 11:
        expectWireType(tag, wireType.fixed64, "ObservedTimeUnixNano");
        this.observedNs = reader.fixed64();
        break;
      case 2:
        expectWireType(tag, wireType.varint, "SeverityNumber");
        this.severityNumber = reader.int32();
        break;
      case 3:
        this.severityText = reader.text(lengthEnd(reader, tag, "SeverityText"));
        break;
      case 5:
        this.line = readBody(reader, lengthEnd(reader, tag, "Body"), this.line);
        break;
      case 6:
        this.attributes.push(readAttribute(reader, lengthEnd(reader, tag, "Attributes")));
        break;
      case 7:
        expectWireType(tag, wireType.varint, "DroppedAttributesCount");
        this.droppedAttributesCount = reader.int32() >>> 0;
        break;
      case 8:
        expectWireType(tag, wireType.fixed32, "Flags");
        this.flags = reader.fixed32();
        break;
      case 9:
        this.traceId = readId(reader, lengthEnd(reader, tag, "TraceId"), "TraceID", 16);
        break;
      case 10:
        this.spanId = readId(reader, lengthEnd(reader, tag, "SpanId"), "SpanID", 8);
        break;
      case 12:
        this.eventName = reader.text(lengthEnd(reader, tag, "EventName"));
        break;
      default:
        reader.skip(tag);
    }
  }
}
