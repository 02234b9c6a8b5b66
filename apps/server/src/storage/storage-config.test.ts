import { parseYamlConfig } from "@sluice/service";
import { expect, test } from "vitest";
import { ServerConfig } from "../config.ts";
import { gcsBucketOptions, s3BucketOptions } from "./bucket-options.ts";
import { withoutSecrets } from "./without-secrets.ts";

function parsed(text: string): ServerConfig {
  return parseYamlConfig("server.yaml", text, ServerConfig);
}

test("Loki's keys for a bucket mean here what they mean there", () => {
  const { aws } = parsed(`
storage_config:
  aws:
    bucketnames: logs
    endpoint: minio:9000
    region: eu-west-1
    access_key_id: id
    secret_access_key: secret
    session_token: token
    insecure: true
    s3forcepathstyle: true
    storage_class: STANDARD_IA
    sse:
      type: SSE-KMS
      kms_key_id: alias/logs
      kms_encryption_context: '{"team":"a"}'
    http_config:
      idle_conn_timeout: 90s
      response_header_timeout: 20s
      insecure_skip_verify: true
    backoff_config: { min_period: 50ms, max_period: 3s, max_retries: 7 }
`).storage_config;
  expect(s3BucketOptions(aws!)).toEqual({
    bucket: "logs",
    endpoint: "http://minio:9000",
    region: "eu-west-1",
    credentials: { accessKeyId: "id", secretAccessKey: "secret", sessionToken: "token" },
    forcePathStyle: true,
    storageClass: "STANDARD_IA",
    encryption: { type: "aws:kms", keyId: "alias/logs", context: { team: "a" } },
    checksums: "required",
    attemptsMax: 7,
    backoffFirstMs: 50,
    backoffMaxMs: 3000,
    attemptTimeoutMs: 20_000,
    idleConnectionMs: 90_000,
    tls: { isUnchecked: true },
    prefix: undefined,
    connectionsMax: 64,
    multipartFromBytes: 32 << 20,
    partSizeBytes: 16 << 20,
  });
});

test.for([
  { s3: "s3://id:se%2Fcret@eu-west-1/logs", want: { region: "eu-west-1", bucket: "logs", endpoint: undefined } },
  { s3: "s3://id:se%2Fcret@minio:9000/logs", want: { endpoint: "https://minio:9000", bucket: "logs" } },
  { s3: "s3://id:se%2Fcret@s3.example.com/logs/", want: { endpoint: "https://s3.example.com", bucket: "logs" } },
])("one URL says where the bucket is: $s3", ({ s3, want }) => {
  const { storage } = parsed(`common: { storage: { s3: { s3: "${s3}" } } }`).common;
  const credentials = { accessKeyId: "id", secretAccessKey: "se/cret", sessionToken: undefined };
  expect(s3BucketOptions(storage.s3!)).toMatchObject({ credentials, ...want });
});

test("without keys the SDK looks for them, and single keys go before the URL's", () => {
  const { storage } = parsed(
    `common: { storage: { s3: { s3: "s3://a:b@eu-west-1/old", bucketnames: new, region: us-east-2 } } }`,
  ).common;
  expect(s3BucketOptions(storage.s3!)).toMatchObject({ bucket: "new", region: "us-east-2" });
  const { aws } = parsed("storage_config: { aws: { bucketnames: logs } }").storage_config;
  expect(s3BucketOptions(aws!).credentials).toBeUndefined();
});

test("Google Cloud Storage is an S3 of another flavour", () => {
  const { gcs } = parsed(
    "storage_config: { gcs: { bucket_name: logs, access_key_id: a, secret_access_key: b } }",
  ).storage_config;
  expect(gcsBucketOptions(gcs!)).toMatchObject({
    flavour: "gcs",
    bucket: "logs",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
  });
});

test.for([
  {
    text: "storage_config:\n  aws:\n    bucketnames: logs\n    bucket: logs\n",
    want: "server.yaml:4: storage_config.aws.bucket: unknown key",
  },
  {
    text: "common:\n  storage:\n    gcs:\n      bucket_name: logs\n      service_account: '{}'\n",
    want: "server.yaml:5: common.storage.gcs.service_account: unknown key",
  },
  {
    text: "storage_config:\n  aws: { bucketnames: 'a,b' }\n",
    want: "server.yaml:2: storage_config.aws.bucketnames: one bucket, not a list of them",
  },
  {
    text: "storage_config:\n  aws: { bucketnames: a }\n  filesystem: { directory: /b }\n",
    want: "server.yaml:1: storage_config: set one of filesystem, aws and gcs",
  },
  {
    text: "storage_config:\n  aws:\n    bucketnames: a\n    sse: { type: SSE-KMS, kms_encryption_context: team }\n",
    want: 'server.yaml:4: storage_config.aws.sse.kms_encryption_context: must be a JSON object of texts, for example {"team":"a"}',
  },
])("a mistake is an error with its line: $want", ({ text, want }) => {
  expect(() => parsed(text)).toThrow(want);
});

test.for([
  { aws: "{}", want: "bucketnames is missing: which bucket should hold the logs?" },
  {
    aws: "{ bucketnames: a, access_key_id: b }",
    want: "secret_access_key is missing: the other half of the key is given",
  },
  { aws: "{ s3: 's3://id:%zz@eu-west-1/a' }", want: "s3 cannot be read: expected s3://key:secret@region/bucket" },
  {
    aws: "{ bucketnames: a, http_config: { ca_file: /nowhere } }",
    want: "cannot read http_config.ca_file /nowhere: ENOENT",
  },
])("what cannot be is said in one sentence: $want", ({ aws, want }) => {
  const { storage_config: config } = parsed(`storage_config: { aws: ${aws} }`);
  expect(() => s3BucketOptions(config.aws!)).toThrow(want);
});

test("a configuration is shown without its secrets", () => {
  const shown = withoutSecrets({
    aws: {
      s3: "s3://id:secret@eu-west-1/logs",
      bucketnames: "logs",
      secret_access_key: "secret",
      session_token: "secret",
      access_key_id: "id",
      connections_max: 64,
    },
    ruler: {
      slack: { webhook_url: "https://hooks.example.com/secret" },
      groups: [{ url: "http://user:secret@host/" }],
    },
  });
  expect(JSON.stringify(shown)).not.toContain('secret"');
  expect(shown).toMatchObject({
    aws: {
      s3: "s3://id:********@eu-west-1/logs",
      access_key_id: "id",
      connections_max: 64,
      secret_access_key: "********",
    },
    ruler: { groups: [{ url: "http://user:********@host/" }] },
  });
});
