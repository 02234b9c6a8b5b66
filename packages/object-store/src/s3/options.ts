import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { type Clock, type Metrics, type Rng, ServiceError } from "@sluice/model";
import { checkKey } from "../object-store.ts";

/** Where a bucket is and how it is spoken to. README.md has the table. */
export interface S3ObjectStoreOptions {
  readonly bucket: string;
  /** URL of a server other than AWS' own, `http://127.0.0.1:9000`. */
  readonly endpoint?: string | undefined;
  /** Default: what the SDK finds (`AWS_REGION`, profile), else `us-east-1`; `auto` for `gcs`. */
  readonly region?: string | undefined;
  /** Goes before every key, with a `/` between; for a bucket that is shared with others. */
  readonly prefix?: string | undefined;
  /** `http://endpoint/bucket/key` instead of `http://bucket.endpoint/key`. Default: with an `endpoint` yes, else no. */
  readonly forcePathStyle?: boolean | undefined;
  /** Default: the SDK's chain (environment, profile, SSO, web identity, container, instance). */
  readonly credentials?: S3Credentials | undefined;
  /** Server-side encryption to ask for; default: what the bucket does by itself. */
  readonly encryption?: S3Encryption | undefined;
  /** S3's name of a storage class, `STANDARD_IA`; default: what the bucket does by itself. */
  readonly storageClass?: string | undefined;
  /**
   * `required`: a CRC32 goes along only where S3 asks for one, since not every server knows it; uploads are protected by
   * the signature's SHA-256 all the same. `always`: every upload has one, and every answer that has one is checked.
   */
  readonly checksums?: "required" | "always" | undefined;
  /** `gcs` speaks Google's own dialect where it has no S3 one: put-if-absent. */
  readonly flavour?: "aws" | "gcs" | undefined;
  /** A larger body goes up in parts. Default 32 MiB. */
  readonly multipartFromBytes?: number | undefined;
  /** Size of a part, 5 MiB at least. Default 16 MiB. */
  readonly partSizeBytes?: number | undefined;
  /** Requests under way, and connections, at one time. Default 64. */
  readonly connectionsMax?: number | undefined;
  /** Tries of a request, the first included. Default 5. */
  readonly attemptsMax?: number | undefined;
  /** For one try, to which comes a second for each MiB that it moves. Default 30,000. */
  readonly attemptTimeoutMs?: number | undefined;
  /** The longest wait before the second try, 100 by default; it doubles for each one after that ... */
  readonly backoffFirstMs?: number | undefined;
  /** ... up to this, 10,000 by default. */
  readonly backoffMaxMs?: number | undefined;
  /** A connection that nobody uses is closed after this; default: when the server closes it. */
  readonly idleConnectionMs?: number | undefined;
  readonly tls?: S3Tls | undefined;
  /** Ends everything that is under way, with `cancelled`. */
  readonly signal?: AbortSignal | undefined;
  /** Counts the requests as S3's bill does. */
  readonly metrics?: Metrics | undefined;
  readonly clock: Clock;
  readonly rng: Rng;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export type S3Encryption =
  | { readonly type: "AES256" }
  | {
      readonly type: "aws:kms";
      /** Default: the account's own key for S3. */
      readonly keyId?: string | undefined;
      /** What has to be given again to decrypt, besides the key. */
      readonly context?: Readonly<Record<string, string>> | undefined;
    };

/** Whose certificates are trusted. */
export interface S3Tls {
  /** Certificates of authorities in PEM, instead of the well-known ones. */
  readonly ca?: string | undefined;
  /** Trusts anybody who answers at the endpoint. */
  readonly isUnchecked?: boolean | undefined;
}

/** The options with everything filled in that has a default here. */
export interface S3Settings extends S3ObjectStoreOptions {
  readonly flavour: "aws" | "gcs";
  /** Empty, or ends in `/`. */
  readonly prefix: string;
  readonly checksums: "required" | "always";
  readonly multipartFromBytes: number;
  readonly partSizeBytes: number;
  readonly connectionsMax: number;
  readonly attemptsMax: number;
  readonly attemptTimeoutMs: number;
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
}

const connectTimeoutMs = 5000;
/** S3's bounds for a part. */
const partSizeBytesMin = 5 << 20;
const partSizeBytesMax = 5 * 2 ** 30;

/** @throws {ServiceError} `bad_data` naming the option that cannot be. */
export function settingsOf(options: S3ObjectStoreOptions): S3Settings {
  const { flavour = "aws", endpoint } = options;
  if (!/^[^\s]{3,}$/u.test(options.bucket)) {
    throw new ServiceError("bad_data", `not a bucket name: ${JSON.stringify(options.bucket)}`);
  }
  if (endpoint !== undefined && !/^https?:\/\/[^/\s]+\/?$/u.test(endpoint)) {
    throw new ServiceError(
      "bad_data",
      `not an S3 endpoint: ${JSON.stringify(endpoint)} (expected a URL without a path, for example https://s3.example.com)`,
    );
  }
  const prefix = options.prefix?.replace(/\/$/u, "") ?? "";
  if (prefix !== "") {
    checkKey(prefix);
  }
  const settings: S3Settings = {
    ...options,
    flavour,
    endpoint: endpoint ?? (flavour === "gcs" ? "https://storage.googleapis.com" : undefined),
    prefix: prefix === "" ? "" : `${prefix}/`,
    checksums: options.checksums ?? "required",
    multipartFromBytes: options.multipartFromBytes ?? 32 << 20,
    partSizeBytes: options.partSizeBytes ?? 16 << 20,
    connectionsMax: options.connectionsMax ?? 64,
    attemptsMax: options.attemptsMax ?? 5,
    attemptTimeoutMs: options.attemptTimeoutMs ?? 30_000,
    backoffFirstMs: options.backoffFirstMs ?? 100,
    backoffMaxMs: options.backoffMaxMs ?? 10_000,
  };
  const positive = ["multipartFromBytes", "connectionsMax", "attemptsMax", "attemptTimeoutMs", "backoffMaxMs"] as const;
  for (const name of positive) {
    if (!(settings[name] >= 1)) {
      throw new ServiceError("bad_data", `${name} must be at least 1, not ${settings[name]}`);
    }
  }
  if (!(settings.partSizeBytes >= partSizeBytesMin && settings.partSizeBytes <= partSizeBytesMax)) {
    throw new ServiceError("bad_data", `partSizeBytes must be 5 MiB to 5 GiB, not ${settings.partSizeBytes}`);
  }
  if (flavour === "gcs" && options.encryption !== undefined) {
    throw new ServiceError("bad_data", "encryption is S3's; for Google Cloud Storage set the bucket's own default key");
  }
  return settings;
}

/** What the SDK's client is made of. */
export function clientConfig(settings: S3Settings): S3ClientConfig {
  const { endpoint, connectionsMax, credentials, checksums, flavour, idleConnectionMs, tls } = settings;
  const region = settings.region ?? (flavour === "gcs" ? "auto" : endpoint === undefined ? undefined : "us-east-1");
  const agent = {
    keepAlive: true,
    maxSockets: connectionsMax,
    ...(idleConnectionMs === undefined ? {} : { timeout: idleConnectionMs }),
  };
  const tlsAgent = {
    ...agent,
    ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls?.isUnchecked === true ? { rejectUnauthorized: false } : {}),
  };
  const whenever = checksums === "always" ? "WHEN_SUPPORTED" : "WHEN_REQUIRED";
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials: withoutUndefined(credentials) }),
    forcePathStyle: settings.forcePathStyle ?? endpoint !== undefined,
    requestChecksumCalculation: whenever,
    responseChecksumValidation: whenever,
    // Attempts is the one place that tries again.
    maxAttempts: 1,
    // A server that does not answer `Expect: 100-continue` would cost seconds a put.
    expectContinueHeader: false,
    requestHandler: { connectionTimeout: connectTimeoutMs, httpAgent: agent, httpsAgent: tlsAgent },
    customUserAgent: "sluice",
  };
}

function withoutUndefined({ accessKeyId, secretAccessKey, sessionToken }: S3Credentials): {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
} {
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}
