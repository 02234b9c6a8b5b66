import { expect, test } from "vitest";
import { failureOf } from "./failure.ts";

/** An error as the SDK throws it for an answer. */
function answer(name: string, status: number, message = name, more: object = {}): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status }, ...more });
}

/** An error as Node throws it. */
function network(code: string, more: object = {}): Error {
  return Object.assign(new Error(`${code} happened`), { code, ...more });
}

test.for<{ error: unknown; code: string; isRetryable: boolean; message: string | RegExp }>([
  { error: answer("SlowDown", 503), code: "SlowDown", isRetryable: true, message: /asks to slow down \(SlowDown\)/u },
  {
    error: answer("InternalError", 500, "We failed.\nTry again."),
    code: "InternalError",
    isRetryable: true,
    message: "We failed. Try again. (InternalError)",
  },
  {
    error: answer("Unknown", 502, "UnknownError"),
    code: "Unknown",
    isRetryable: true,
    message: "it answers with status 502",
  },
  {
    error: answer("Unknown", 429, "UnknownError"),
    code: "Unknown",
    isRetryable: true,
    message: "it answers with status 429",
  },
  { error: answer("NotImplemented", 501), code: "NotImplemented", isRetryable: false, message: /does not support it/u },
  { error: answer("OperationAborted", 409), code: "OperationAborted", isRetryable: true, message: /OperationAborted/u },
  { error: answer("PreconditionFailed", 412), code: "PreconditionFailed", isRetryable: false, message: /412/u },
  { error: answer("BadDigest", 400), code: "BadDigest", isRetryable: true, message: /status 400/u },
  { error: answer("AccessDenied", 403), code: "AccessDenied", isRetryable: false, message: /access denied/u },
  {
    error: answer("Unknown", 403, "UnknownError"),
    code: "Unknown",
    isRetryable: false,
    message: /access denied.*status 403/u,
  },
  {
    error: answer("Unknown", 400, "UnknownError"),
    code: "Unknown",
    isRetryable: false,
    message: /credentials have expired/u,
  },
  { error: answer("ExpiredToken", 400), code: "ExpiredToken", isRetryable: false, message: /have expired/u },
  {
    error: answer("RequestTimeTooSkewed", 403),
    code: "RequestTimeTooSkewed",
    isRetryable: true,
    message: /clock is wrong/u,
  },
  {
    error: answer("SyntaxError", 200, "Unexpected end"),
    code: "SyntaxError",
    isRetryable: true,
    message: /cannot be read/u,
  },
  {
    error: answer("PermanentRedirect", 301, "moved", {
      $response: { headers: { "x-amz-bucket-region": "eu-west-1" } },
    }),
    code: "PermanentRedirect",
    isRetryable: false,
    message: "the bucket is in another region, eu-west-1 (PermanentRedirect)",
  },
  {
    error: answer("AuthorizationHeaderMalformed", 400, "wrong", { Region: "eu-west-1" }),
    code: "AuthorizationHeaderMalformed",
    isRetryable: false,
    message: "the bucket is in another region, eu-west-1 (AuthorizationHeaderMalformed)",
  },
  {
    error: network("ECONNRESET"),
    code: "ECONNRESET",
    isRetryable: true,
    message: "the connection was cut (ECONNRESET)",
  },
  {
    error: network("EHOSTUNREACH"),
    code: "EHOSTUNREACH",
    isRetryable: true,
    message: "EHOSTUNREACH happened (EHOSTUNREACH)",
  },
  {
    error: network("ENOTFOUND", { hostname: "s3.nowhere" }),
    code: "ENOTFOUND",
    isRetryable: true,
    message: "the endpoint's name s3.nowhere does not resolve (ENOTFOUND)",
  },
  {
    error: Object.assign(new AggregateError([network("ECONNREFUSED")]), { code: undefined }),
    code: "ECONNREFUSED",
    isRetryable: true,
    message: "nothing listens at the endpoint (ECONNREFUSED)",
  },
  {
    error: network("SELF_SIGNED_CERT_IN_CHAIN"),
    code: "SELF_SIGNED_CERT_IN_CHAIN",
    isRetryable: false,
    message: /certificate is not accepted/u,
  },
  {
    error: network("ERR_TLS_CERT_ALTNAME_INVALID"),
    code: "ERR_TLS_CERT_ALTNAME_INVALID",
    isRetryable: false,
    message: /certificate is not accepted/u,
  },
  {
    error: Object.assign(new Error("Could not load credentials"), { name: "CredentialsProviderError" }),
    code: "CredentialsProviderError",
    isRetryable: false,
    message: "no usable credentials (Could not load credentials)",
  },
  {
    error: Object.assign(new Error("timed out after 5000 ms"), { name: "TimeoutError" }),
    code: "Timeout",
    isRetryable: true,
    message: "timed out after 5000 ms",
  },
  { error: new Error("Region is missing"), code: "RegionMissing", isRetryable: false, message: /no region is set/u },
  {
    error: new TypeError("x is not a function"),
    code: "TypeError",
    isRetryable: false,
    message: "x is not a function (TypeError)",
  },
])("$code: retryable $isRetryable, $message", ({ error, code, isRetryable, message }) => {
  const failure = failureOf(error);
  expect(failure).toMatchObject({
    code,
    isRetryable,
    message: typeof message === "string" ? message : expect.stringMatching(message),
  });
  expect(failure.message).not.toContain("\n");
  expect(failureOf(failure)).toBe(failure);
});
