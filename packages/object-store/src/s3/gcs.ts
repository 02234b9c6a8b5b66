import { createHash, createHmac } from "node:crypto";
import type { PutObjectCommand, PutObjectCommandInput, PutObjectCommandOutput, S3Client } from "@aws-sdk/client-s3";

/**
 * Makes a put to Google Cloud Storage one that succeeds only if no object has the key.
 *
 * Its XML API takes S3's requests as they are, but of `If-None-Match` it says that it is for reading; what it has for
 * writing is `x-goog-if-generation-match: 0`. It refuses a request with both `x-goog-` and `x-amz-` headers, so all of
 * them get Google's name, and with them the request Google's signature (`GOOG4-HMAC-SHA256`, with the same HMAC key).
 *
 * @see https://cloud.google.com/storage/docs/request-preconditions
 * @see https://cloud.google.com/storage/docs/authentication/signatures
 */
export function onlyIfAbsentInGcs(command: PutObjectCommand, client: S3Client): PutObjectCommand {
  command.middlewareStack.addRelativeTo(
    (next: Send) => async (args: SendArguments) => {
      const request = args.request as SignableRequest;
      request.headers = googleHeaders(request.headers);
      const region = await client.config.region();
      signV4(request, await client.config.credentials(), { ...googleDialect, region });
      return next(args);
    },
    { name: "onlyIfAbsentInGcs", relation: "after", toMiddleware: "httpSigningMiddleware" },
  );
  return command;
}

/** Lets the client find the metadata of objects, which Google gives back under its own name. */
export function readGcsMetadata(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const { headers } = answer.response as { headers?: Record<string, string> };
      for (const [name, value] of Object.entries(headers ?? {})) {
        if (name.startsWith("x-goog-meta-")) {
          headers![name.replace("x-goog-", "x-amz-")] ??= value;
        }
      }
      return answer;
    },
    // Between the network and whoever reads the answer.
    { name: "readGcsMetadata", step: "deserialize", priority: "low" },
  );
}

interface SendArguments {
  readonly input: PutObjectCommandInput;
  readonly request: unknown;
}

type Send = (args: SendArguments) => Promise<{ readonly response: unknown; readonly output: PutObjectCommandOutput }>;

/** What a signature is made over and goes into. */
export interface SignableRequest {
  readonly method: string;
  /** Percent-encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  /** Names in lower case. */
  headers: Record<string, string>;
}

/** The names that differ between AWS' signature version 4 and Google's. */
export interface SignatureDialect {
  readonly region: string;
  /** Also the beginning of the secret's first use. */
  readonly algorithm: "AWS4" | "GOOG4";
  readonly service: "s3" | "storage";
  readonly terminator: "aws4_request" | "goog4_request";
  readonly headerPrefix: "x-amz-" | "x-goog-";
}

const googleDialect = {
  algorithm: "GOOG4",
  service: "storage",
  terminator: "goog4_request",
  headerPrefix: "x-goog-",
} as const;

function googleHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const renamed: Record<string, string> = { "x-goog-if-generation-match": "0" };
  for (const [name, value] of Object.entries(headers)) {
    // The rest that begins with `amz-sdk-` and `x-amz-user-agent` only tell AWS about the SDK.
    if (name.startsWith("x-amz-") && name !== "x-amz-user-agent") {
      renamed[name.replace("x-amz-", "x-goog-")] = value;
    } else if (!name.startsWith("amz-sdk-") && name !== "x-amz-user-agent" && name !== "authorization") {
      renamed[name] = value;
    }
  }
  return renamed;
}

/**
 * Signs the request in its headers, of which the date and the hash of the body must be there, under `headerPrefix`. All
 * are signed but the user agent, which proxies change.
 */
export function signV4(
  request: SignableRequest,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
  dialect: SignatureDialect,
): void {
  const { algorithm, headerPrefix, region, service, terminator } = dialect;
  const { headers } = request;
  const date = headers[`${headerPrefix}date`]!;
  const payloadHash = headers[`${headerPrefix}content-sha256`]!;
  const signed = Object.keys(headers)
    .filter((name) => name !== "user-agent" && name !== "authorization")
    .sort();
  const canonical = [
    request.method,
    request.path,
    canonicalQuery(request.query ?? {}),
    ...signed.map((name) => `${name}:${headers[name]!.trim().replace(/\s+/gu, " ")}`),
    "",
    signed.join(";"),
    payloadHash,
  ].join("\n");
  const day = date.slice(0, 8);
  const scope = `${day}/${region}/${service}/${terminator}`;
  const toSign = [`${algorithm}-HMAC-SHA256`, date, scope, createHash("sha256").update(canonical).digest("hex")].join(
    "\n",
  );
  let key: string | Buffer = algorithm + credentials.secretAccessKey;
  for (const word of [day, region, service, terminator]) {
    key = hmac(key, word);
  }
  headers["authorization"] =
    `${algorithm}-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, ` +
    `SignedHeaders=${signed.join(";")}, Signature=${hmac(key, toSign).toString("hex")}`;
}

function canonicalQuery(query: NonNullable<SignableRequest["query"]>): string {
  return Object.entries(query)
    .flatMap(([name, values]) => [values ?? ""].flat().map((value) => `${encoded(name)}=${encoded(value)}`))
    .sort()
    .join("&");
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/gu, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
