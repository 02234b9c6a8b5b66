import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeWithS3 } from "../src/testing/with-s3.ts";
import { openStore } from "./real-s3.ts";

const packageDirectory = join(import.meta.dirname, "..");

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Node with an environment in which the SDK finds nothing but what is given. */
function runNode(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const own = { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", AWS_EC2_METADATA_DISABLED: "true", ...env };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: packageDirectory, env: own }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

function s3Check(args: readonly string[], env?: Record<string, string>): Promise<Ended> {
  return runNode(["src/cli/s3-check.ts", ...args], env);
}

describeWithS3("s3-check", (server) => {
  const keys = (): Record<string, string> => ({
    AWS_ACCESS_KEY_ID: server().credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server().credentials.secretAccessKey,
  });

  test("says what a good bucket can do, and leaves nothing in it", async () => {
    const { code, stdout, stderr } = await s3Check(
      ["--endpoint", server().endpoint, "--bucket", server().bucket],
      keys(),
    );
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const names = [...stdout.matchAll(/^ {2}ok {2}(\w+) +\d+ ms {2}\S/gmu)].map(([, name]) => name);
    expect(names).toEqual(["reach", "put", "get", "range", "large", "list", "race", "delete"]);
    expect(stdout).toContain("atomic: exactly one of 8 writers won each of 20 races");
    using store = openStore(server(), { prefix: undefined });
    expect(await store.list("")[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
  });

  test.concurrent.for([
    { title: "no such bucket", args: ["--bucket", "nope"], env: {}, says: "the bucket does not exist (NoSuchBucket)" },
    {
      title: "a wrong secret",
      args: [],
      env: { AWS_SECRET_ACCESS_KEY: "wrong" },
      says: "the secret access key is wrong, or something changed the request on its way (SignatureDoesNotMatch)",
    },
    {
      title: "an unknown key",
      args: [],
      env: { AWS_ACCESS_KEY_ID: "wrong" },
      says: "No user exists with the provided access key ID. (XAdminUserNotFound)",
    },
    {
      title: "another region",
      args: ["--region", "eu-west-1"],
      env: {},
      says: "the bucket is in another region, us-east-1 (AuthorizationHeaderMalformed)",
    },
    {
      title: "no credentials",
      args: [],
      env: { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" },
      says: "no usable credentials (Could not load credentials from any providers)",
    },
    {
      title: "nobody at the endpoint",
      args: ["--endpoint", "http://127.0.0.1:9", "--attempts", "2"],
      env: {},
      says: "nothing listens at the endpoint (ECONNREFUSED)",
    },
  ])("says in one sentence what is wrong: $title", async ({ args, env, says }, { expect }) => {
    const all = ["--endpoint", server().endpoint, "--bucket", server().bucket, ...args];
    const { code, stderr } = await s3Check(all, { ...keys(), ...env });
    expect(stderr).toMatch(/^cannot list objects s3-check\/[0-9a-f-]+\/ in bucket [a-z-]+: [^\n]+\n$/u);
    expect(stderr).toContain(says);
    expect(code).toBe(1);
  });
});

test.concurrent.for([
  { args: [], says: "--bucket is missing (see --help)" },
  { args: ["--bucket", "acme", "--nope"], says: "Unknown option '--nope'" },
  { args: ["--bucket", "acme", "--flavour", "azure"], says: "--flavour is aws or gcs, not azure" },
  { args: ["--bucket", "acme", "--attempts", "many"], says: "attemptsMax must be at least 1, not NaN" },
  { args: ["--bucket", "acme", "--endpoint", "localhost:9000"], says: "not an S3 endpoint" },
])("a command line that cannot be: $says", async ({ args, says }, { expect }) => {
  const { code, stderr } = await s3Check(args);
  expect(stderr).toContain(says);
  expect(code).toBe(1);
});

test("who keeps objects in files does not load the AWS SDK", async () => {
  const script = `
    const { registerHooks } = await import("node:module");
    const loaded = [];
    registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
    await import("./src/index.ts");
    console.log(JSON.stringify(loaded.filter((url) => /aws-sdk|smithy/.test(url)).length), loaded.length > 5);
  `;
  const { stdout, stderr } = await runNode(["--input-type=module", "--eval", script]);
  expect(stderr).toBe("");
  expect(stdout).toBe("0 true\n");
});
