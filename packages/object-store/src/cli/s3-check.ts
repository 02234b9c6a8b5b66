import { parseArgs } from "node:util";
import { messageOf, ServiceError } from "@sluice/model";
import { systemClock, systemRng } from "@sluice/model/node";
import { checkObjectStore } from "../s3/check.ts";
import { openS3ObjectStore, type S3Encryption } from "../s3/index.ts";

const usage = `Usage: s3-check --bucket <name> [flags]

Tries what Sluice needs of an S3 bucket and says what the bucket can do. Objects go below s3-check/ and are removed again.
Credentials come from where the AWS SDK finds them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, a role.

  --bucket <name>       The bucket.
  --endpoint <url>      A server other than AWS' own, for example http://127.0.0.1:9000.
  --region <name>       Default: AWS_REGION or the profile's; us-east-1 with an endpoint.
  --prefix <text>       Goes before every key.
  --path-style <yes|no> Default: yes with an endpoint, else no.
  --flavour <aws|gcs>   gcs for Google Cloud Storage, with an HMAC key.
  --checksums <required|always>
  --sse <AES256|aws:kms>, --kms-key-id <id>
  --attempts <n>        Tries of each request, default 5.
  --timeout-ms <n>      For one try, default 30000.
  --help                Show this help.`;

const text = { type: "string" } as const;
const flags = {
  bucket: text,
  endpoint: text,
  region: text,
  prefix: text,
  "path-style": text,
  flavour: text,
  checksums: text,
  sse: text,
  "kms-key-id": text,
  attempts: text,
  "timeout-ms": text,
  help: { type: "boolean", short: "h" },
} as const;

/** More than goes up in one request. */
const partBytes = 5 << 20;
const largeBytes = 3 * partBytes;

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}

async function main(args: readonly string[]): Promise<number> {
  const values = parse(args[0] === "--" ? args.slice(1) : args);
  if (values.help === true) {
    console.log(usage);
    return 0;
  }
  const { bucket, endpoint, prefix } = values;
  if (bucket === undefined) {
    throw new ServiceError("bad_data", "--bucket is missing (see --help)");
  }
  using store = openS3ObjectStore({
    bucket,
    endpoint,
    prefix,
    region: values.region,
    forcePathStyle: optional(values["path-style"], (given) => oneOf("path-style", given, ["yes", "no"]) === "yes"),
    flavour: optional(values.flavour, (given) => oneOf("flavour", given, ["aws", "gcs"])),
    checksums: optional(values.checksums, (given) => oneOf("checksums", given, ["required", "always"])),
    encryption: encryptionOf(values.sse, values["kms-key-id"]),
    attemptsMax: optional(values.attempts, Number),
    attemptTimeoutMs: optional(values["timeout-ms"], Number),
    multipartFromBytes: partBytes,
    partSizeBytes: partBytes,
    clock: systemClock,
    rng: systemRng,
  });
  console.log(`bucket ${bucket} at ${endpoint ?? "AWS"}${prefix === undefined ? "" : `, below ${prefix}`}`);
  const { conditionalPut } = await checkObjectStore(store, {
    clock: systemClock,
    largeBytes,
    onStep: ({ name, detail, tookMs }) =>
      console.log(`  ok  ${name.padEnd(7)} ${`${tookMs} ms`.padStart(8)}  ${detail}`),
  });
  if (conditionalPut === "atomic") {
    console.log("The bucket can hold everything that Sluice stores, for any number of servers.");
    return 0;
  }
  console.error(
    `The bucket's conditional puts are ${conditionalPut === "notAtomic" ? "not atomic" : "not supported"}: ` +
      "use it for one server only, never for several at once.",
  );
  return 1;
}

function parse(args: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof flags }>>["values"] {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true }).values;
  } catch (error) {
    throw new ServiceError("bad_data", `${messageOf(error)} (see --help)`, { cause: error });
  }
}

function optional<T>(given: string | undefined, read: (given: string) => T): T | undefined {
  return given === undefined ? undefined : read(given);
}

function oneOf<const T extends string>(flag: string, given: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === given);
  if (found === undefined) {
    throw new ServiceError("bad_data", `--${flag} is ${allowed.join(" or ")}, not ${given}`);
  }
  return found;
}

function encryptionOf(sse: string | undefined, keyId: string | undefined): S3Encryption | undefined {
  if (sse === undefined) {
    return undefined;
  }
  return oneOf("sse", sse, ["AES256", "aws:kms"]) === "AES256" ? { type: "AES256" } : { type: "aws:kms", keyId };
}
