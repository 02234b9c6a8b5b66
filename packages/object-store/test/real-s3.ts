import { systemClock, systemRng } from "@sluice/model/node";
import { openS3ObjectStore, type S3ObjectStore, type S3ObjectStoreOptions } from "../src/s3/index.ts";
import type { TestS3Server } from "../src/testing/versitygw.ts";

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
