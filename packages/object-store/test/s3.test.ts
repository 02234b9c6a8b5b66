import type { S3ObjectStoreOptions } from "../src/s3/index.ts";
import { objectStoreSuite } from "../src/testing/suite.ts";
import { describeWithS3 } from "../src/testing/with-s3.ts";
import { openStore } from "./real-s3.ts";

describeWithS3("a real S3 server", (server) => {
  const variants: Record<string, Partial<S3ObjectStoreOptions>> = {
    "a bucket": {},
    "a bucket, in parts and with checksums": {
      multipartFromBytes: 1 << 20,
      partSizeBytes: 5 << 20,
      checksums: "always",
    },
  };
  for (const [name, options] of Object.entries(variants)) {
    objectStoreSuite(name, async () => {
      const store = openStore(server(), options);
      return {
        store,
        async [Symbol.asyncDispose]() {
          store[Symbol.dispose]();
        },
      };
    });
  }
});
