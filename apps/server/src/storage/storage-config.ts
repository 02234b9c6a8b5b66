import { ServiceError } from "@sluice/model";
import { DurationMs, textCodec } from "@sluice/service";
import { z } from "zod";

const mebibyte = 1024 * 1024;
const gibibyte = 1024 * mebibyte;

const positiveDuration = DurationMs.refine((ms) => ms > 0, "must be longer than 0s");

/** A JSON object of texts, as one text. */
const JsonTexts = textCodec<Readonly<Record<string, string>>>((text) => {
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(text));
  } catch (error) {
    throw new ServiceError("bad_data", 'must be a JSON object of texts, for example {"team":"a"}', { cause: error });
  }
}, JSON.stringify);

/** What a bucket of any kind can be told beyond Loki's keys. */
const ownKeys = {
  /** Goes before every key, for a bucket that is shared with others. */
  prefix: z.string().optional(),
  /** Requests under way, and connections, at one time; what is more waits for its turn. */
  connections_max: z.int().positive().default(64),
  /** For one try of a request, to which comes a second for each MiB that it moves. */
  attempt_timeout: positiveDuration.prefault("30s"),
  /** A larger object goes up in parts ... */
  multipart_from_bytes: z
    .int()
    .positive()
    .default(32 * mebibyte),
  /** ... of this size. */
  part_size_bytes: z
    .int()
    .min(5 * mebibyte)
    .default(16 * mebibyte),
};

const OneBucket = z.string().refine((names) => !names.includes(","), "one bucket, not a list of them");

/** Names and meanings are Loki's (`aws`, or `s3` below `common.storage`), except {@link ownKeys} and `checksums`. */
export const S3Section = z.strictObject({
  /** `s3://key:secret@region/bucket`, or with a host and port in the region's place. The keys below go before it. */
  s3: z
    .string()
    .regex(/^s3:\/\//u, "must begin with s3://")
    .optional(),
  bucketnames: OneBucket.optional(),
  /** Host and port, or a URL without a path. */
  endpoint: z.string().optional(),
  region: z.string().optional(),
  /** Without them the AWS SDK's chain: environment, profile, web identity, container, instance. */
  access_key_id: z.string().optional(),
  secret_access_key: z.string().optional(),
  session_token: z.string().optional(),
  /** `http` where the endpoint does not say. */
  insecure: z.boolean().default(false),
  s3forcepathstyle: z.boolean().optional(),
  signature_version: z.literal("v4").optional(),
  storage_class: z.string().optional(),
  sse: z
    .strictObject({
      type: z.enum(["SSE-S3", "SSE-KMS"]),
      kms_key_id: z.string().optional(),
      kms_encryption_context: JsonTexts.optional(),
    })
    .optional(),
  http_config: z
    .strictObject({
      idle_conn_timeout: positiveDuration.optional(),
      /** Instead of `attempt_timeout`, when it is not 0. */
      response_header_timeout: DurationMs.optional(),
      insecure_skip_verify: z.boolean().default(false),
      ca_file: z.string().optional(),
    })
    .prefault({}),
  backoff_config: z
    .strictObject({
      min_period: positiveDuration.prefault("100ms"),
      max_period: positiveDuration.prefault("10s"),
      /** Tries of a request, the first included. */
      max_retries: z.int().positive().default(5),
    })
    .prefault({}),
  /** `always` sends a CRC32 with every upload; buckets with Object Lock need it, some servers do not know it. */
  checksums: z.enum(["required", "always"]).default("required"),
  ...ownKeys,
});
export type S3Section = z.output<typeof S3Section>;

/** Google Cloud Storage, spoken to as S3: with an HMAC key of a service account. */
export const GcsSection = z.strictObject({
  bucket_name: OneBucket,
  access_key_id: z.string().optional(),
  secret_access_key: z.string().optional(),
  endpoint: z.string().optional(),
  ...ownKeys,
});
export type GcsSection = z.output<typeof GcsSection>;

const CommonStorage = z
  .strictObject({
    filesystem: z.strictObject({ chunks_directory: z.string() }).optional(),
    s3: S3Section.optional(),
    gcs: GcsSection.optional(),
  })
  .refine(hasOne, "set one of filesystem, s3 and gcs");

/** The `common` section: of Loki's only the storage. */
export const CommonConfig = z.strictObject({ storage: CommonStorage.prefault({}) });

/** The `storage_config` section: where segments and the manifest are kept. By default below the data directory. */
export const StorageConfig = z
  .strictObject({
    filesystem: z.strictObject({ directory: z.string() }).optional(),
    aws: S3Section.optional(),
    gcs: GcsSection.optional(),
    /** Parts of a bucket's objects that are kept on the local disk. */
    cache: z
      .strictObject({
        /** 0 keeps none. */
        bytes_max: z
          .int()
          .nonnegative()
          .default(10 * gibibyte),
        /** Default: `cache` in the data directory. */
        directory: z.string().optional(),
        /** Stays free on its disk for the write-ahead log: the cache gives way. */
        free_bytes_min: z.int().nonnegative().default(gibibyte),
      })
      .prefault({}),
    /** Memory for what is read of a bucket together with what a query needs now. */
    read_ahead_bytes_max: z
      .int()
      .positive()
      .default(128 * mebibyte),
    /** How soon what other servers have added to a shared store is seen. */
    refresh_interval: positiveDuration.prefault("1m"),
  })
  .refine(hasOne, "set one of filesystem, aws and gcs");

export type CommonConfig = z.output<typeof CommonConfig>;
export type StorageConfig = z.output<typeof StorageConfig>;

function hasOne(section: Readonly<Record<string, unknown>>): boolean {
  return ["filesystem", "aws", "s3", "gcs"].filter((name) => section[name] !== undefined).length <= 1;
}
