import { createServer, type IncomingHttpHeaders, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { type SignableRequest, type SignatureDialect, signV4 } from "../src/s3/gcs.ts";
import { errorXml } from "../src/testing/fault-proxy.ts";
import type { TestS3Server } from "../src/testing/versitygw.ts";

export interface GoogleShim extends AsyncDisposable {
  readonly endpoint: string;
}

const amazon = { algorithm: "AWS4", service: "s3", terminator: "aws4_request", headerPrefix: "x-amz-" } as const;
const google = {
  algorithm: "GOOG4",
  service: "storage",
  terminator: "goog4_request",
  headerPrefix: "x-goog-",
} as const;

/**
 * What Google's documents say of how its storage differs from S3, in front of an S3 server: two signatures, both checked,
 * never headers of both kinds in one request; no `If-None-Match` for writing but `x-goog-if-generation-match`; that not
 * for uploads in parts; metadata of objects under its own name.
 */
export async function startGoogleShim(s3: TestS3Server): Promise<GoogleShim> {
  const server = createServer((incoming, answer) => {
    const url = new URL(incoming.url!, s3.endpoint);
    const headers = plain(incoming.headers);
    const request = { method: incoming.method!, path: url.pathname, query: queryOf(url), headers };
    const refusal = refuse(request, s3.credentials);
    if (refusal !== undefined) {
      incoming.resume().on("end", () => answer.writeHead(refusal.status).end(errorXml(refusal.code)));
      return;
    }
    const forwarded = { ...request, headers: toAmazon(headers) };
    signV4(forwarded, s3.credentials, { ...amazon, region: s3.region });
    const outgoing = httpRequest(url, { method: request.method, headers: forwarded.headers, agent: false });
    outgoing.on("response", (response) => {
      answer.writeHead(response.statusCode!, toGoogle(plain(response.headers)));
      response.pipe(answer);
    });
    outgoing.on("error", () => incoming.socket.destroy());
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function refuse(
  request: SignableRequest,
  credentials: TestS3Server["credentials"],
): { readonly status: number; readonly code: string } | undefined {
  const { headers, method, query } = request;
  const names = Object.keys(headers);
  const isGoogles = names.some((name) => name.startsWith("x-goog-"));
  if (isGoogles && names.some((name) => name.startsWith("x-amz-"))) {
    return { status: 400, code: "ExcessHeaderValues" };
  }
  if (!isSigned(request, credentials, isGoogles ? google : amazon)) {
    return { status: 403, code: "SignatureDoesNotMatch" };
  }
  if (method !== "GET" && method !== "HEAD" && headers["if-none-match"] !== undefined) {
    return { status: 400, code: "InvalidArgument" };
  }
  const isOfParts = query?.["uploadId"] !== undefined || query?.["uploads"] !== undefined;
  return isOfParts && isGoogles ? { status: 400, code: "NotImplemented" } : undefined;
}

/** Whether signing the request again, the headers that it says it signed, gives the same signature. */
function isSigned(
  { headers, ...request }: SignableRequest,
  credentials: TestS3Server["credentials"],
  dialect: Omit<SignatureDialect, "region">,
): boolean {
  const authorization = headers["authorization"] ?? "";
  const [, region] = /Credential=[^/]+\/\d{8}\/([^/]+)\//u.exec(authorization) ?? [];
  const [, signed] = /SignedHeaders=([^,]+),/u.exec(authorization) ?? [];
  if (region === undefined || signed === undefined) {
    return false;
  }
  const again = {
    ...request,
    headers: Object.fromEntries(signed.split(";").map((name) => [name, headers[name] ?? ""])),
  };
  signV4(again, credentials, { ...dialect, region });
  return again.headers["authorization"] === authorization;
}

function toAmazon(headers: Readonly<Record<string, string>>): Record<string, string> {
  const renamed: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name === "x-goog-if-generation-match") {
      renamed["if-none-match"] = "*";
    } else if (name !== "authorization" && name !== "connection") {
      renamed[name.replace(/^x-goog-/u, "x-amz-")] = value;
    }
  }
  return renamed;
}

function toGoogle(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.replace(/^x-amz-meta-/u, "x-goog-meta-"), value]),
  );
}

function queryOf(url: URL): Record<string, string> {
  return Object.fromEntries(url.searchParams);
}

function plain(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, [value].flat().join(",")]])),
  );
}
