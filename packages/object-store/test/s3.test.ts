import { systemClock, systemRng } from "@sluice/model/node";
import { beforeAll, afterAll } from "vitest";
import { openS3ObjectStore, type S3ObjectStoreOptions } from "../src/s3/index.ts";
import { objectStoreSuite } from "../src/testing/suite.ts";
import { installTimeoutMs, installVersitygw, startVersitygw, type TestS3Server } from "../src/testing/versitygw.ts";

let server: TestS3Server;
let count = 0;

beforeAll(async () => {
  server = await startVersitygw(await installVersitygw());
}, installTimeoutMs);
afterAll(() => server[Symbol.asyncDispose]());

function suite(name: string, options: Partial<S3ObjectStoreOptions>): void {
  objectStoreSuite(name, async () => {
    const store = openS3ObjectStore({
      ...server,
      prefix: `t${(count += 1)}`,
      clock: systemClock,
      rng: systemRng,
      ...options,
    });
    return {
      store,
      async [Symbol.asyncDispose]() {
        store[Symbol.dispose]();
      },
    };
  });
}
suite("S3", {});
suite("S3, in parts and with checksums", { multipartFromBytes: 1 << 20, partSizeBytes: 5 << 20, checksums: "always" });
