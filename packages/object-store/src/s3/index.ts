export { S3Failure } from "./failure.ts";
export type { S3Credentials, S3Encryption, S3ObjectStoreOptions, S3Tls } from "./options.ts";
export { openS3ObjectStore, type S3ObjectStore } from "./s3-object-store.ts";
