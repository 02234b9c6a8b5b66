import { assert, ServiceError } from "@sluice/model";

/**
 * A flat namespace of immutable-by-habit byte strings. Every backing keeps this contract, and the suite in
 * `@sluice/object-store/testing` checks it.
 *
 * A key is 1 to 255 characters of `A-Z a-z 0-9 . _ % = -` an element, elements joined by `/`, none of them `.` or `..`,
 * at most 1024 characters in all ({@link checkKey}; `pathElement` of `@sluice/model` makes an element of any text).
 * No key may continue another one (`a` and `a/b`): a backing on a file system refuses the second.
 *
 * Every method rejects with ServiceError `bad_data` for a key that is none, and `unavailable` when the storage fails.
 */
export interface ObjectStore {
  /**
   * Stores the parts one after the other, in place of what was there. Readers see the old object or the new one, whole.
   * Durable once it resolves; after `unavailable` the object may be there or not.
   *
   * @param options.ifAbsent of any number of such puts of one key, whoever makes them, exactly one succeeds.
   * @throws {ServiceError} `already_exists` with `ifAbsent` when the key is taken; that object is durable then.
   */
  put(key: string, body: readonly Uint8Array[], options?: PutOptions): Promise<void>;
  /**
   * The object, or the part of it that lies in `range`: as in S3, a range that passes the end gives what there is. The
   * bytes are the caller's own.
   *
   * @throws {ServiceError} `not_found`; `bad_data` when the range begins at the end or past it (S3's InvalidRange).
   */
  get(key: string, range?: ByteRange): Promise<Uint8Array>;
  /** Undefined when there is no such object. */
  stat(key: string): Promise<ObjectStat | undefined>;
  /**
   * The objects whose key begins with `prefix` and comes after `startAfter`, ascending by key (code units). What is put
   * or removed meanwhile may show or not.
   */
  list(prefix: string, startAfter?: string): AsyncIterable<ListedObject>;
  /** Removes the object; one that is missing is fine. */
  remove(key: string): Promise<void>;
}

export interface PutOptions {
  readonly ifAbsent?: boolean;
}

/** `length` is at least 1. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface ObjectStat {
  readonly sizeBytes: number;
}

export interface ListedObject extends ObjectStat {
  readonly key: string;
}

const keyLengthMax = 1024;
const elementPattern = /^[A-Za-z0-9._%=-]{1,255}$/u;

/** @throws {ServiceError} `bad_data` when `key` is none. */
export function checkKey(key: string): void {
  if (key.length > keyLengthMax || !key.split("/").every(isElement)) {
    throw new ServiceError("bad_data", `not a valid object key: ${quoted(key)}`);
  }
}

/** @throws {ServiceError} `bad_data` when `prefix` begins no key. */
export function checkPrefix(prefix: string): void {
  const elements = prefix.split("/");
  const begun = elements.pop()!;
  if (prefix.length > keyLengthMax || !elements.every(isElement) || !(begun === "" || elementPattern.test(begun))) {
    throw new ServiceError("bad_data", `not a valid prefix of object keys: ${quoted(prefix)}`);
  }
}

/** Whether `text` can be a key's element, and so is a harmless name for a file. */
export function isElement(text: string): boolean {
  return elementPattern.test(text) && text !== "." && text !== "..";
}

/**
 * The bytes [start, end) that `range` means in an object of `sizeBytes`.
 *
 * @throws {ServiceError} `bad_data` when it begins at the end or past it.
 */
export function resolveRange(key: string, range: ByteRange, sizeBytes: number): { start: number; end: number } {
  const { offset, length } = range;
  assert(Number.isSafeInteger(offset) && offset >= 0, "a range begins at a byte");
  assert(Number.isSafeInteger(length) && length >= 1, "a range has a byte");
  if (offset >= sizeBytes) {
    throw new ServiceError(
      "bad_data",
      `range from byte ${offset} is past the end of object ${key} (${sizeBytes} bytes)`,
    );
  }
  return { start: offset, end: Math.min(offset + length, sizeBytes) };
}

export function notFound(key: string): ServiceError {
  return new ServiceError("not_found", `object ${key} not found`);
}

export function alreadyExists(key: string): ServiceError {
  return new ServiceError("already_exists", `object ${key} already exists`);
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);
}
