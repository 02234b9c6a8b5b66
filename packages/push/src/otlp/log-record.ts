import type { Attribute } from "./attribute-value.ts";

/** One record of a request. Whoever gets it must not keep it: a reader uses one object for all. */
export interface LogRecord {
  /** Nanoseconds since the epoch, 64 bits unsigned; 0 for none. */
  readonly timeNs: bigint;
  readonly observedNs: bigint;
  readonly severityNumber: number;
  readonly severityText: string;
  /** The body as text, or as UTF-8. */
  readonly line: string | Uint8Array;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
  readonly flags: number;
  /** Hexadecimal; empty for none. */
  readonly traceId: string;
  readonly spanId: string;
  readonly eventName: string;
}

/** What wrote some records. */
export interface Scope {
  readonly name: string;
  readonly version: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
}

/** Takes the records of a request in their order: those after a scope are that scope's, and so with resources. */
export interface LogRecordSink {
  resource(attributes: readonly Attribute[]): void;
  scope(scope: Scope): void;
  record(record: LogRecord): void;
}
