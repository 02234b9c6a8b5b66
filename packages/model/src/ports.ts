/**
 * What a process gives to its parts: time, logging, metrics, files and chance. Plain objects, so that tests and the
 * simulation put their own in. The Node implementations are in `@sluice/model/node`; logging and metrics in
 * `@sluice/service`.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Resolves after `ms`, or as soon as the signal aborts (it never rejects). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type MetricLabels = Readonly<Record<string, string>>;

export interface Counter {
  add(value: number, labels?: MetricLabels): void;
}

export interface Gauge {
  set(value: number, labels?: MetricLabels): void;
  add(value: number, labels?: MetricLabels): void;
}

export interface Histogram {
  observe(value: number, labels?: MetricLabels): void;
}

export interface Metrics {
  counter(name: string, help: string, labelNames?: readonly string[]): Counter;
  gauge(name: string, help: string, labelNames?: readonly string[]): Gauge;
  /** @param buckets upper bounds in the metric's unit, ascending. */
  histogram(name: string, help: string, buckets: readonly number[], labelNames?: readonly string[]): Histogram;
}

/** A source of chance; seeded in tests. */
export interface Rng {
  /** A number in [0, 1). */
  next(): number;
}

/** One open file. Owned by whoever opened it, who must close it. */
export interface OpenFile {
  /** Reads up to `target.length` bytes at `position`; resolves to how many were read, 0 at the end. */
  read(target: Uint8Array, position: number): Promise<number>;
  /** Appends all the parts in order, or rejects. After a rejection the file's end is unknown. */
  append(parts: readonly Uint8Array[]): Promise<void>;
  /** Makes the appended bytes survive a power cut (fdatasync). A rejection means that they may be lost for good. */
  sync(): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  sizeBytes(): Promise<number>;
  close(): Promise<void>;
}

/**
 * The file operations that durable parts need. All paths are absolute. Errors carry Node's `code` ("ENOENT",
 * "ENOSPC", "EEXIST", ...). Nothing is durable before `sync` (content) and `syncDirectory` (names).
 */
export interface FileSystem {
  /** "read" needs an existing file; "append" creates it when missing; "create" rejects with EEXIST when it exists. */
  open(path: string, mode: "read" | "append" | "create"): Promise<OpenFile>;
  readFile(path: string): Promise<Uint8Array>;
  /** Names in the directory, sorted; rejects with ENOENT when it is missing. */
  list(directory: string): Promise<readonly string[]>;
  /** Resolves to undefined when the path does not exist. */
  stat(path: string): Promise<{ readonly sizeBytes: number; readonly isDirectory: boolean } | undefined>;
  makeDirectory(directory: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A second name for the same file; rejects with EEXIST when `to` exists (the base of put-if-absent). */
  link(from: string, to: string): Promise<void>;
  /** Removing what is not there is not an error. */
  remove(path: string): Promise<void>;
  /** Makes creations, renames and removals in the directory survive a power cut. */
  syncDirectory(directory: string): Promise<void>;
}
