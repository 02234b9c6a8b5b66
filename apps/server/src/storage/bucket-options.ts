import { readFileSync } from "node:fs";
import { messageOf, ServiceError } from "@sluice/model";
import type { S3Encryption, S3ObjectStoreOptions } from "@sluice/object-store/s3";
import type { GcsSection, S3Section } from "./storage-config.ts";

/** Where a bucket is and how it is spoken to; the rest is the process'. */
export type BucketOptions = Omit<S3ObjectStoreOptions, "clock" | "rng" | "signal" | "metrics">;

/** @throws {ServiceError} `bad_data` naming the key that is missing or cannot be. */
export function s3BucketOptions(section: S3Section): BucketOptions {
  const fromUrl = section.s3 === undefined ? {} : readS3Url(section.s3);
  const bucket = section.bucketnames ?? fromUrl.bucket;
  if (bucket === undefined || bucket === "") {
    throw new ServiceError("bad_data", "bucketnames is missing: which bucket should hold the logs?");
  }
  const endpoint = section.endpoint ?? fromUrl.endpoint;
  const { http_config: http, backoff_config: backoff } = section;
  const responseTimeoutMs = http.response_header_timeout;
  return {
    ...ownOptions(section),
    bucket,
    endpoint: endpoint && withScheme(endpoint, section.insecure),
    region: section.region ?? fromUrl.region,
    credentials: credentialsOf({ ...fromUrl, ...definedOnly(section) }),
    forcePathStyle: section.s3forcepathstyle,
    storageClass: section.storage_class,
    encryption: encryptionOf(section.sse),
    checksums: section.checksums,
    attemptsMax: backoff.max_retries,
    backoffFirstMs: backoff.min_period,
    backoffMaxMs: backoff.max_period,
    idleConnectionMs: http.idle_conn_timeout,
    tls: { ca: http.ca_file && readCertificates(http.ca_file), isUnchecked: http.insecure_skip_verify },
    ...(responseTimeoutMs === undefined || responseTimeoutMs === 0 ? {} : { attemptTimeoutMs: responseTimeoutMs }),
  };
}

/** @throws {ServiceError} `bad_data` as {@link s3BucketOptions}. */
export function gcsBucketOptions(section: GcsSection): BucketOptions {
  const { bucket_name: bucket, endpoint } = section;
  return {
    ...ownOptions(section),
    flavour: "gcs",
    bucket,
    endpoint: endpoint && withScheme(endpoint, false),
    credentials: credentialsOf(section),
  };
}

function ownOptions(section: S3Section | GcsSection): Omit<BucketOptions, "bucket"> {
  return {
    prefix: section.prefix,
    connectionsMax: section.connections_max,
    attemptTimeoutMs: section.attempt_timeout,
    multipartFromBytes: section.multipart_from_bytes,
    partSizeBytes: section.part_size_bytes,
  };
}

interface Keys {
  readonly access_key_id?: string | undefined;
  readonly secret_access_key?: string | undefined;
  readonly session_token?: string | undefined;
}

function credentialsOf(keys: Keys): BucketOptions["credentials"] {
  const { access_key_id: accessKeyId, secret_access_key: secretAccessKey, session_token: sessionToken } = keys;
  if (accessKeyId === undefined && secretAccessKey === undefined) {
    return undefined;
  }
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const missing = accessKeyId === undefined ? "access_key_id" : "secret_access_key";
    throw new ServiceError("bad_data", `${missing} is missing: the other half of the key is given`);
  }
  return { accessKeyId, secretAccessKey, sessionToken };
}

function encryptionOf(sse: S3Section["sse"]): S3Encryption | undefined {
  if (sse === undefined) {
    return undefined;
  }
  return sse.type === "SSE-S3"
    ? { type: "AES256" }
    : { type: "aws:kms", keyId: sse.kms_key_id, context: sse.kms_encryption_context };
}

interface FromUrl extends Keys {
  readonly bucket?: string;
  readonly endpoint?: string;
  readonly region?: string;
}

/** `s3://key:secret@region/bucket`; what has a dot or a port is a host and not a region. Never shown: it holds a secret. */
function readS3Url(text: string): FromUrl {
  let url: URL;
  let keys: Keys;
  try {
    url = new URL(text);
    const [id, secret] = [url.username, url.password].map((part) =>
      part === "" ? undefined : decodeURIComponent(part),
    );
    keys = { access_key_id: id, secret_access_key: secret };
  } catch {
    throw new ServiceError("bad_data", "s3 cannot be read: expected s3://key:secret@region/bucket, percent-encoded");
  }
  const { host, pathname } = url;
  const isHost = /[.:]/u.test(host);
  return {
    ...definedOnly(keys),
    bucket: pathname.replaceAll(/^\/|\/$/gu, ""),
    ...(host === "" ? {} : isHost ? { endpoint: host } : { region: host }),
  };
}

function withScheme(endpoint: string, isInsecure: boolean): string {
  return /^https?:\/\//u.test(endpoint) ? endpoint : `${isInsecure ? "http" : "https"}://${endpoint}`;
}

function readCertificates(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ServiceError("bad_data", `cannot read http_config.ca_file ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function definedOnly({ access_key_id, secret_access_key, session_token }: Keys): Keys {
  return Object.fromEntries(
    Object.entries({ access_key_id, secret_access_key, session_token }).filter(([, value]) => value !== undefined),
  );
}
