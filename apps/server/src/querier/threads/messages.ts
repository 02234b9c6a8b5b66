import type { SlotShape } from "@sluice/chunk";
import type { Labels, LogFields, Matcher } from "@sluice/model";
import type { ByteRange } from "@sluice/object-store";
import type { ReadAheadOptions, Segment, StoreSnapshot } from "@sluice/store";
import type { QueryTasks } from "../query-tasks.ts";
import type { PartParams } from "../part-runner.ts";
import type { SentObjects } from "./known-objects.ts";
import type { MetricUpdate } from "./relayed-metrics.ts";
import type { SentError } from "./sent-error.ts";

/*
 * What the main thread and a query thread say to each other. A query is a job; while it runs, the thread asks for what
 * only the main thread has: what there is to read at a moment, lines in memory, objects of a bucket.
 */

/** What a thread is started with. */
export interface ThreadSetup {
  /** Where objects are files that the thread reads itself; undefined where it has to ask for them. */
  readonly objectDirectory: string | undefined;
  readonly readAhead: ReadAheadOptions | undefined;
  readonly caches: CacheBudget;
  /** All query threads. */
  readonly threadCount: number;
  /** What a part of a query's time is at least, when several threads answer it. */
  readonly partMsMin: number;
}

/** Memory for what a thread has read. */
export interface CacheBudget {
  readonly footerCacheBytesMax: number;
  readonly filterCacheBytesMax: number;
  readonly blockCacheBytesMax: number;
}

export type ToThread =
  | {
      readonly type: "run";
      readonly job: number;
      readonly name: keyof QueryTasks;
      readonly params: unknown;
      /** Not 0 as soon as nobody waits any more: seen without reading messages. */
      readonly flag: Int32Array;
    }
  | { readonly type: "cancel"; readonly job: number }
  | { readonly type: "known"; readonly objects: Partial<KnownObjects> }
  | { readonly type: "answer"; readonly ask: number; readonly value: unknown; readonly isLast: boolean }
  | { readonly type: "refusal"; readonly ask: number; readonly error: SentError };

export type FromThread =
  | { readonly type: "ready" }
  | { readonly type: "ask"; readonly job: number; readonly ask: number; readonly question: Question }
  | { readonly type: "done"; readonly job: number; readonly value: unknown }
  | { readonly type: "failed"; readonly job: number; readonly error: SentError }
  | { readonly type: "metrics"; readonly updates: readonly MetricUpdate[] }
  | {
      readonly type: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly message: string;
      readonly fields: LogFields | undefined;
    };

export type Question = SnapshotQuestion | HeadsQuestion | BytesQuestion | PartQuestion;

/** What is there to read? Answered with a {@link SentSnapshot}. */
export interface SnapshotQuestion {
  readonly type: "snapshot";
  readonly tenant: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Of blocks in memory only those that fit; the thread looks again, at regular expressions, too. */
  readonly matchers: readonly Matcher[];
}

/** Blocks in memory, of a snapshot. Answered with a {@link HeadPart} for each run of entries, block after block. */
export interface HeadsQuestion {
  readonly type: "heads";
  readonly snapshot: number;
  readonly blocks: readonly number[];
}

/** Bytes of an object. Answered with them. */
export interface BytesQuestion {
  readonly type: "bytes";
  readonly key: string;
  readonly range: ByteRange | undefined;
}

/** The answer of a part of the query, from the thread of its slot. Answered with the bytes that `runPart` gives. */
export interface PartQuestion {
  readonly type: "part";
  readonly slot: number;
  readonly params: PartParams;
}

/** Objects that a thread gets once and then knows by number. */
export interface KnownObjects {
  readonly segments: SentObjects<Segment>;
  readonly labels: SentObjects<Labels>;
}

export interface SentSnapshot extends KnownObjects, Omit<StoreSnapshot, "segments"> {
  readonly id: number;
  readonly heads: HeadColumns;
}

/** The blocks in memory; their labels are those of the message. */
export interface HeadColumns {
  readonly minNs: BigInt64Array;
  readonly maxNs: BigInt64Array;
  readonly counts: Float64Array;
  readonly rawBytes: Float64Array;
  readonly mayRepeat: Uint8Array;
}

/** A run of entries. */
export interface HeadPart {
  readonly block: number;
  /** Whether it is the block as it is; else all parts of the block are to be merged. */
  readonly isWhole: boolean;
  readonly slot: ArrayBuffer;
  readonly shape: SlotShape;
}
