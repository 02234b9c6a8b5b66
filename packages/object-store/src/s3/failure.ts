import { messageOf } from "@sluice/model";

/** Why one request to S3 failed: what to do about it, and a piece of a sentence that says it to a person. */
export class S3Failure extends Error {
  override readonly name = "S3Failure";
  /** S3's own code (`NoSuchKey`), or Node's (`ECONNRESET`), or `Timeout`. */
  readonly code: string;
  /** The HTTP status, when there was an answer. */
  readonly status: number | undefined;
  /** Whether the same request may well succeed a little later. */
  readonly isRetryable: boolean;

  constructor(code: string, message: string, options: S3FailureOptions) {
    super(message, { cause: options.cause });
    this.code = code;
    this.status = options.status;
    this.isRetryable = options.isRetryable;
  }
}

interface S3FailureOptions {
  readonly status?: number | undefined;
  readonly isRetryable: boolean;
  readonly cause?: unknown;
}

/** An answer that cannot be right: cut short, or of another size than asked for. Asking again may help. */
export function brokenAnswer(why: string): S3Failure {
  return new S3Failure("BrokenAnswer", why, { isRetryable: true });
}

export function timeout(timeoutMs: number): S3Failure {
  return new S3Failure("Timeout", `no answer within ${Math.round(timeoutMs)} ms`, { isRetryable: true });
}

/** Whatever the SDK or Node threw, as a failure. */
export function failureOf(error: unknown): S3Failure {
  if (error instanceof S3Failure) {
    return error;
  }
  const { name, code: nodeCode, $metadata, $response } = error as ThrownBySdk;
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  const networkCode = networkCodeOf(error);
  if (status === undefined && networkCode !== undefined) {
    return networkFailure(networkCode, error);
  }
  if (name === "CredentialsProviderError") {
    return new S3Failure(name, `no usable credentials (${oneLine(error)})`, { isRetryable: false, cause: error });
  }
  if (status === undefined && messageOf(error) === "Region is missing") {
    return new S3Failure("RegionMissing", "no region is set, neither in the options nor in AWS_REGION", {
      isRetryable: false,
      cause: error,
    });
  }
  if (name === "TimeoutError") {
    return new S3Failure("Timeout", oneLine(error), { isRetryable: true, cause: error });
  }
  const code = name ?? nodeCode ?? "Error";
  const isRetryable = status === undefined ? false : isRetryableAnswer(code, status);
  return new S3Failure(code, answerText(code, status, error), { status, isRetryable, cause: error });
}

interface ThrownBySdk {
  readonly name?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  /** In the text of some answers: where the bucket is. */
  readonly Region?: string;
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> };
}

/** Codes of AWS' error list that pass, whatever their status: load, races, and bodies damaged on their way. */
const passingCodes = new Set([
  "BadDigest",
  "ConditionalRequestConflict",
  "IncompleteBody",
  "InternalError",
  "OperationAborted",
  "RequestTimeout",
  "RequestTimeTooSkewed",
  "ServiceUnavailable",
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "XAmzContentChecksumMismatch",
  "XAmzContentSHA256Mismatch",
]);

function isRetryableAnswer(code: string, status: number): boolean {
  // A success whose text cannot be read was cut on its way.
  const isUnreadable = status < 300;
  return (
    passingCodes.has(code) || isUnreadable || status === 408 || status === 429 || (status >= 500 && status !== 501)
  );
}

/** What a person can do about the commonest refusals. */
const advice: Readonly<Record<string, string>> = {
  NoSuchBucket: "the bucket does not exist",
  AccessDenied: "access denied, the credentials lack a permission for it",
  InvalidAccessKeyId: "the access key id is not known",
  SignatureDoesNotMatch: "the secret access key is wrong, or something changed the request on its way",
  ExpiredToken: "the credentials have expired",
  TokenRefreshRequired: "the credentials have expired",
  InvalidToken: "the session token is not valid",
  RequestTimeTooSkewed: "this machine's clock is wrong",
  AccountProblem: "there is a problem with the account",
  NotImplemented: "the server does not support it",
  SlowDown: "too many requests, it asks to slow down",
};

const adviceForStatus: Readonly<Record<number, string>> = {
  400: "it refuses the request without saying why, as it does when credentials have expired or the region is wrong",
  403: "access denied, the credentials lack a permission for it",
};

function answerText(code: string, status: number | undefined, error: unknown): string {
  if (status === 301 || code === "PermanentRedirect" || code === "AuthorizationHeaderMalformed") {
    const { $response, Region } = error as ThrownBySdk;
    const region = $response?.headers?.["x-amz-bucket-region"] ?? Region;
    return `the bucket is in another region${region === undefined ? "" : `, ${region}`} (${code})`;
  }
  if (advice[code] !== undefined) {
    return `${advice[code]} (${code})`;
  }
  if (status !== undefined && status < 300) {
    return `the answer cannot be read (${oneLine(error)})`;
  }
  const text = oneLine(error);
  if (!["", "Unknown", "UnknownError", code, String(status)].includes(text)) {
    return code === "Error" ? text : `${text} (${code})`;
  }
  // The answer to a HEAD has no body that could say why.
  const known = status === undefined ? undefined : adviceForStatus[status];
  if (known !== undefined && code.startsWith("Unknown")) {
    return `${known} (status ${status})`;
  }
  return `it answers with status ${status ?? "unknown"}${code.startsWith("Unknown") ? "" : ` (${code})`}`;
}

/** Node's code for an error of the network, also when it is one of several addresses' or wrapped. */
function networkCodeOf(error: unknown): string | undefined {
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: readonly unknown[] };
  if (
    typeof code === "string" &&
    /^(?:E[A-Z_]+|CERT_\w+|[A-Z_]*CERT[A-Z_]*|ERR_TLS_\w+|ERR_SSL_\w+|HPE_\w+)$/u.test(code)
  ) {
    return code;
  }
  const inner = errors?.[0] ?? cause;
  return typeof inner === "object" && inner !== null ? networkCodeOf(inner) : undefined;
}

function networkFailure(code: string, cause: unknown): S3Failure {
  if (/CERT|^ERR_TLS_|^ERR_SSL_/u.test(code)) {
    const text = `the endpoint's TLS certificate is not accepted (${code}: ${oneLine(cause)})`;
    return new S3Failure(code, text, { isRetryable: false, cause });
  }
  return new S3Failure(code, networkText(code, cause), { isRetryable: true, cause });
}

function networkText(code: string, cause: unknown): string {
  switch (code) {
    case "ENOTFOUND":
    case "EAI_AGAIN": {
      const host = (cause as { hostname?: string }).hostname;
      return `the endpoint's name ${host === undefined ? "" : `${host} `}does not resolve (${code})`;
    }
    case "ECONNREFUSED":
      return `nothing listens at the endpoint (${code})`;
    case "ECONNRESET":
    case "EPIPE":
      return `the connection was cut (${code})`;
    default:
      return `${oneLine(cause)} (${code})`;
  }
}

function oneLine(error: unknown): string {
  return messageOf(error).replace(/\s+/gu, " ").trim().slice(0, 300);
}
