import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { seededRng, virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { onlyIfAbsentInGcs, type SignableRequest, signV4 } from "./gcs.ts";
import { clientConfig, type S3ObjectStoreOptions, settingsOf } from "./options.ts";

/** What is sent for a small put of `a/b=1%2F`. */
async function sentFor(
  options: Partial<S3ObjectStoreOptions>,
  more: (command: PutObjectCommand, client: S3Client) => PutObjectCommand = (command) => command,
): Promise<SignableRequest & { hostname: string }> {
  const credentials = { accessKeyId: "ID", secretAccessKey: "SECRET" };
  const base = { bucket: "acme-logs", credentials, clock: virtualClock(), rng: seededRng(1) };
  let sent: (SignableRequest & { hostname: string }) | undefined;
  const client = new S3Client({
    ...clientConfig(settingsOf({ ...base, ...options })),
    requestHandler: {
      handle: async (request: never) => {
        sent = request;
        throw new Error("sent");
      },
    },
  });
  const command = new PutObjectCommand({ Bucket: base.bucket, Key: "a/b=1%2F", Body: "body", Metadata: { put: "1" } });
  await expect(client.send(more(command, client))).rejects.toThrow("sent");
  return sent!;
}

test.for<{ title: string; options: Partial<S3ObjectStoreOptions>; hostname: string; path: string }>([
  {
    title: "AWS",
    options: { region: "eu-west-1" },
    hostname: "acme-logs.s3.eu-west-1.amazonaws.com",
    path: "/a/b%3D1%252F",
  },
  {
    title: "AWS, path style",
    options: { region: "eu-west-1", forcePathStyle: true },
    hostname: "s3.eu-west-1.amazonaws.com",
    path: "/acme-logs/a/b%3D1%252F",
  },
  {
    title: "an endpoint",
    options: { endpoint: "http://s3.local:9000" },
    hostname: "s3.local",
    path: "/acme-logs/a/b%3D1%252F",
  },
  {
    title: "an endpoint with virtual hosts",
    options: { endpoint: "https://s3.local", forcePathStyle: false },
    hostname: "acme-logs.s3.local",
    path: "/a/b%3D1%252F",
  },
  { title: "Google", options: { flavour: "gcs" }, hostname: "storage.googleapis.com", path: "/acme-logs/a/b%3D1%252F" },
])("a bucket at $title is asked at $hostname", async ({ options, hostname, path }) => {
  expect(await sentFor(options)).toMatchObject({ hostname, path });
});

test("a checksum goes along only when wanted, and nothing waits for 100-continue", async () => {
  const { headers } = await sentFor({ endpoint: "http://s3.local" });
  expect(Object.keys(headers).filter((name) => name.includes("checksum") || name === "expect")).toEqual([]);
  expect(headers["x-amz-content-sha256"]).toMatch(/^[0-9a-f]{64}$/u);
  const always = await sentFor({ endpoint: "http://s3.local", checksums: "always" });
  expect(always.headers).toMatchObject({ "x-amz-checksum-crc32": expect.any(String) });
});

test("our signature is the SDK's", async () => {
  const request = await sentFor({ endpoint: "http://s3.local:9000", region: "eu-west-1" });
  const theirs = request.headers["authorization"]!;
  const signed = /SignedHeaders=([^,]*)/u.exec(theirs)![1]!.split(";");
  const headers = Object.fromEntries(signed.map((name) => [name, request.headers[name]!]));
  const ours: SignableRequest = { ...request, headers };
  signV4(
    ours,
    { accessKeyId: "ID", secretAccessKey: "SECRET" },
    {
      algorithm: "AWS4",
      headerPrefix: "x-amz-",
      region: "eu-west-1",
      service: "s3",
      terminator: "aws4_request",
    },
  );
  expect(ours.headers["authorization"]).toBe(theirs);
});

test("to Google, put-if-absent goes out in Google's words only, signed as Google wants", async () => {
  const { headers } = await sentFor({ flavour: "gcs" }, onlyIfAbsentInGcs);
  expect(headers).toMatchObject({
    "x-goog-if-generation-match": "0",
    "x-goog-meta-put": "1",
    "x-goog-date": expect.stringMatching(/^\d{8}T\d{6}Z$/u),
    "x-goog-content-sha256": expect.stringMatching(/^[0-9a-f]{64}$/u),
    authorization: expect.stringMatching(
      /^GOOG4-HMAC-SHA256 Credential=ID\/\d{8}\/auto\/storage\/goog4_request, SignedHeaders=content-length;content-type;host;x-goog-content-sha256;x-goog-date;x-goog-if-generation-match;x-goog-meta-put, Signature=[0-9a-f]{64}$/u,
    ),
  });
  expect(Object.keys(headers).filter((name) => /amz/u.test(name))).toEqual([]);
});

test("to Google, everything else goes out in S3's words only", async () => {
  const { headers } = await sentFor({ flavour: "gcs" });
  expect(Object.keys(headers).filter((name) => name.startsWith("x-goog-"))).toEqual([]);
  expect(headers["authorization"]).toMatch(/^AWS4-HMAC-SHA256 Credential=ID\/\d{8}\/auto\/s3\//u);
});

test.for<{ options: Partial<S3ObjectStoreOptions>; message: string | RegExp }>([
  { options: { bucket: "a b" }, message: 'not a bucket name: "a b"' },
  { options: { endpoint: "s3.local" }, message: /^not an S3 endpoint: "s3.local" \(expected a URL/u },
  { options: { endpoint: "http://s3.local/path" }, message: /^not an S3 endpoint/u },
  { options: { prefix: "../up" }, message: /^not a valid object key/u },
  { options: { attemptsMax: 0 }, message: "attemptsMax must be at least 1, not 0" },
  { options: { attemptsMax: Number.NaN }, message: "attemptsMax must be at least 1, not NaN" },
  { options: { partSizeBytes: 1 << 20 }, message: "partSizeBytes must be 5 MiB to 5 GiB, not 1048576" },
  { options: { flavour: "gcs", encryption: { type: "AES256" } }, message: /^encryption is S3's/u },
])("options that cannot be are refused: $message", ({ options, message }) => {
  const base = { bucket: "acme", clock: virtualClock(), rng: seededRng(1) };
  expect(() => settingsOf({ ...base, ...options })).toThrow(message);
});
