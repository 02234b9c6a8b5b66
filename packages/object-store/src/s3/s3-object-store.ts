import { randomUUID } from "node:crypto";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  type StorageClass,
} from "@aws-sdk/client-s3";
import { isServiceError, ServiceError } from "@sluice/model";
import {
  alreadyExists,
  type ByteRange,
  checkKey,
  checkPrefix,
  type ListedObject,
  notFound,
  type ObjectStat,
  type ObjectStore,
  type PutOptions,
} from "../object-store.ts";
import { Attempts } from "./attempts.ts";
import { countRequests } from "./count-requests.ts";
import { brokenAnswer, failureOf } from "./failure.ts";
import { onlyIfAbsentInGcs, readGcsMetadata } from "./gcs.ts";
import { bytesBetween, putInParts } from "./multipart.ts";
import { clientConfig, type S3ObjectStoreOptions, type S3Settings, settingsOf } from "./options.ts";
import { readBody } from "./read-body.ts";

/** Disposing of it closes the connections. */
export interface S3ObjectStore extends ObjectStore, Disposable {}

/**
 * A bucket as an object store. Nothing is asked of S3 yet: a server must be able to start while S3 is away.
 *
 * Besides what the interface says: whatever S3 or the network does ends, after the tries that the options allow, in
 * `unavailable` with a sentence that names the object, the bucket and the reason. With `ifAbsent`, a server that refuses
 * such puts gives `unprocessable`; one that ignores the condition is found by `probeConditionalPut`.
 *
 * @throws {ServiceError} `bad_data` for options that cannot be.
 */
export function openS3ObjectStore(options: S3ObjectStoreOptions): S3ObjectStore {
  const settings = settingsOf(options);
  const client = new S3Client(clientConfig(settings));
  if (settings.metrics !== undefined) {
    countRequests(client, settings.metrics);
  }
  if (settings.flavour === "gcs") {
    readGcsMetadata(client);
  }
  return new S3Store(settings, client);
}

/** The metadata that names the put that made an object: how a put whose answer was lost knows its own work again. */
const putIdName = "sluice-put";
/** How often a conditional upload in parts starts all over after a conflict. */
const roundsMax = 3;

class S3Store implements S3ObjectStore {
  readonly #settings: S3Settings;
  readonly #client: S3Client;
  readonly #attempts: Attempts;
  #hasSeenBucket = false;

  constructor(settings: S3Settings, client: S3Client) {
    this.#settings = settings;
    this.#client = client;
    this.#attempts = new Attempts({ ...settings, concurrencyMax: settings.connectionsMax });
  }

  async put(key: string, body: readonly Uint8Array[], options?: PutOptions): Promise<void> {
    const s3Key = this.#keyOf(key);
    const ifAbsent = options?.ifAbsent === true;
    const putId = randomUUID();
    try {
      await this.#put(s3Key, body, ifAbsent, putId);
    } catch (error) {
      const { code, status } = failureOf(error);
      const isTaken = ifAbsent && status === 412;
      if (isTaken || code === "NoSuchUpload") {
        // An earlier try of this put may have gone through, and only its answer been lost: ours, or a proxy's.
        if (await this.#isOurs(key, s3Key, putId)) {
          return;
        }
      }
      if (isTaken) {
        throw alreadyExists(key);
      }
      if (ifAbsent && status === 501) {
        throw this.#unavailable(`write object ${key} only if it is absent`, error, "unprocessable");
      }
      throw this.#unavailable(`write object ${key}`, error);
    }
  }

  async get(key: string, range?: ByteRange): Promise<Uint8Array> {
    const command = { Bucket: this.#settings.bucket, Key: this.#keyOf(key), ...rangeHeader(range) };
    try {
      return await this.#attempts.run(0, async (attempt) => {
        const answer = await this.#client.send(new GetObjectCommand(command), { abortSignal: attempt.signal });
        return readBody(answer, key, range, attempt);
      });
    } catch (error) {
      if (isServiceError(error)) {
        throw error;
      }
      const { code, status } = failureOf(error);
      if (code === "NoSuchKey") {
        throw notFound(key);
      }
      if (status === 416) {
        throw new ServiceError("bad_data", `range from byte ${range?.offset} is past the end of object ${key}`);
      }
      throw this.#unavailable(`read object ${key}`, error);
    }
  }

  async stat(key: string): Promise<ObjectStat | undefined> {
    const answer = await this.#head(key, this.#keyOf(key));
    return answer && { sizeBytes: answer.ContentLength ?? 0 };
  }

  async *list(prefix: string, startAfter = ""): AsyncGenerator<ListedObject, void, undefined> {
    checkPrefix(prefix);
    const { bucket, prefix: own } = this.#settings;
    let last = startAfter;
    let token: string | undefined;
    do {
      const command = {
        Bucket: bucket,
        Prefix: own + prefix,
        ...(token === undefined
          ? startAfter === ""
            ? {}
            : { StartAfter: own + startAfter }
          : { ContinuationToken: token }),
      };
      const page = await this.#listPage(prefix, command);
      for (const { Key, Size } of page.Contents ?? []) {
        const key = Key!.slice(own.length);
        if (!isKey(key)) {
          // A folder's marker (`a/`) or another such thing that somebody put there by other means.
          continue;
        }
        if (key <= last) {
          throw this.#unavailable(
            `list objects ${prefix}`,
            brokenAnswer(`it lists ${key} after ${last}, out of order`),
          );
        }
        last = key;
        yield { key, sizeBytes: Size ?? 0 };
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async remove(key: string): Promise<void> {
    const command = { Bucket: this.#settings.bucket, Key: this.#keyOf(key) };
    try {
      await this.#attempts.run(0, ({ signal }) =>
        this.#client.send(new DeleteObjectCommand(command), { abortSignal: signal }),
      );
    } catch (error) {
      if (failureOf(error).code !== "NoSuchKey") {
        throw this.#unavailable(`remove object ${key}`, error);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }

  #keyOf(key: string): string {
    checkKey(key);
    return this.#settings.prefix + key;
  }

  async #put(s3Key: string, body: readonly Uint8Array[], ifAbsent: boolean, putId: string): Promise<void> {
    const { bucket, checksums, encryption, flavour, multipartFromBytes, partSizeBytes, storageClass } = this.#settings;
    const sizeBytes = body.reduce((sum, part) => sum + part.length, 0);
    const object = {
      Bucket: bucket,
      Key: s3Key,
      Metadata: { [putIdName]: putId },
      ...encryptionHeaders(encryption),
      // S3 takes classes that this SDK does not know yet.
      ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }),
    };
    // Google has no conditions for uploads in parts; in one piece it takes 5 TiB.
    if (sizeBytes <= multipartFromBytes || (ifAbsent && flavour === "gcs")) {
      const whole = bytesBetween(body, 0, sizeBytes);
      await this.#attempts.run(sizeBytes, ({ signal }) =>
        this.#client.send(this.#putCommand({ ...object, Body: whole }, ifAbsent), { abortSignal: signal }),
      );
      return;
    }
    const upload = {
      client: this.#client,
      attempts: this.#attempts,
      create: { ...object, ...(checksums === "always" ? { ChecksumAlgorithm: "CRC32" as const } : {}) },
    };
    for (let round = 1; ; round++) {
      try {
        await putInParts({ ...upload, body, sizeBytes, partSizeBytes, ifAbsent });
        return;
      } catch (error) {
        if (round === roundsMax || failureOf(error).code !== "ConditionalRequestConflict") {
          throw error;
        }
      }
    }
  }

  #putCommand(input: PutObjectCommandInput, ifAbsent: boolean): PutObjectCommand {
    if (!ifAbsent) {
      return new PutObjectCommand(input);
    }
    return this.#settings.flavour === "gcs"
      ? onlyIfAbsentInGcs(new PutObjectCommand(input), this.#client)
      : new PutObjectCommand({ ...input, IfNoneMatch: "*" });
  }

  async #isOurs(key: string, s3Key: string, putId: string): Promise<boolean> {
    const found = await this.#head(key, s3Key);
    return found?.Metadata?.[putIdName] === putId;
  }

  async #head(key: string, s3Key: string): Promise<HeadObjectCommandOutput | undefined> {
    const { bucket } = this.#settings;
    try {
      const answer = await this.#attempts.run(0, ({ signal }) =>
        this.#client.send(new HeadObjectCommand({ Bucket: bucket, Key: s3Key }), { abortSignal: signal }),
      );
      this.#hasSeenBucket = true;
      return answer;
    } catch (error) {
      if (failureOf(error).status !== 404) {
        throw this.#unavailable(`read object ${key}`, error);
      }
    }
    await this.#checkBucket(key);
    return undefined;
  }

  /** To a HEAD, S3 says of a missing object what it says of a missing bucket; an empty store must not be taken for that. */
  async #checkBucket(key: string): Promise<void> {
    if (this.#hasSeenBucket) {
      return;
    }
    const { bucket } = this.#settings;
    try {
      await this.#attempts.run(0, ({ signal }) =>
        this.#client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal: signal }),
      );
      this.#hasSeenBucket = true;
    } catch (error) {
      if (failureOf(error).status === 404) {
        const text = `cannot read object ${key} in bucket ${bucket}: the bucket does not exist`;
        throw new ServiceError("unavailable", text, { cause: error });
      }
      throw this.#unavailable(`read object ${key}`, error);
    }
  }

  async #listPage(prefix: string, command: ListObjectsV2CommandInput): Promise<ListObjectsV2CommandOutput> {
    try {
      const page = await this.#attempts.run(0, ({ signal }) =>
        this.#client.send(new ListObjectsV2Command(command), { abortSignal: signal }),
      );
      this.#hasSeenBucket = true;
      return page;
    } catch (error) {
      throw this.#unavailable(`list objects ${prefix}`, error);
    }
  }

  #unavailable(doing: string, error: unknown, code: "unavailable" | "unprocessable" = "unavailable"): ServiceError {
    if (isServiceError(error)) {
      return error;
    }
    const failure = failureOf(error);
    return new ServiceError(code, `cannot ${doing} in bucket ${this.#settings.bucket}: ${failure.message}`, {
      cause: failure,
    });
  }
}

function rangeHeader(range: ByteRange | undefined): { Range?: string } {
  if (range === undefined) {
    return {};
  }
  const { offset, length } = range;
  return { Range: `bytes=${offset}-${Math.min(offset + length - 1, Number.MAX_SAFE_INTEGER)}` };
}

function encryptionHeaders(encryption: S3Settings["encryption"]): Partial<PutObjectCommandInput> {
  if (encryption === undefined) {
    return {};
  }
  const ServerSideEncryption = encryption.type;
  if (encryption.type === "AES256") {
    return { ServerSideEncryption };
  }
  const { keyId, context } = encryption;
  return {
    ServerSideEncryption,
    ...(keyId === undefined ? {} : { SSEKMSKeyId: keyId }),
    ...(context === undefined
      ? {}
      : { SSEKMSEncryptionContext: Buffer.from(JSON.stringify(context)).toString("base64") }),
  };
}

function isKey(text: string): boolean {
  try {
    checkKey(text);
    return true;
  } catch {
    return false;
  }
}
