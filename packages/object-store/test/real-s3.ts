import { systemClock, systemRng } from "@sluice/model/node";
import { afterAll, beforeAll, describe, test } from "vitest";
import { openS3ObjectStore, type S3ObjectStore, type S3ObjectStoreOptions } from "../src/s3/index.ts";
import {
  installTimeoutMs,
  installVersitygw,
  startVersitygw,
  type TestS3Server,
  versitygwMissing,
} from "../src/testing/versitygw.ts";

// A user's machine needs only Node and git; CI has to have the real thing.
const missing = process.env["CI"] === undefined ? await versitygwMissing() : undefined;

/** Registers tests that run against a real S3 server, which is installed and started for them. */
export function describeWithS3(name: string, define: (server: () => TestS3Server) => void): void {
  if (missing !== undefined) {
    test(`${name}: NOT RUN HERE, ${missing}`, () => console.warn(missing));
    return;
  }
  describe(name, () => {
    let server: TestS3Server | undefined;
    beforeAll(async () => {
      server = await startVersitygw(await installVersitygw());
    }, installTimeoutMs);
    afterAll(() => server?.[Symbol.asyncDispose]());
    define(() => server!);
  });
}

/** A store on the server's bucket, by default below a prefix of its own. */
export function openStore(server: TestS3Server, options: Partial<S3ObjectStoreOptions> = {}): S3ObjectStore {
  const { bucket, credentials, endpoint, region } = server;
  const prefix = `test-${(prefixCount += 1)}`;
  return openS3ObjectStore({
    bucket,
    credentials,
    endpoint,
    region,
    prefix,
    clock: systemClock,
    rng: systemRng,
    ...options,
  });
}

let prefixCount = 0;
