import { afterAll, beforeAll, describe, test } from "vitest";
import {
  installTimeoutMs,
  installVersitygw,
  startVersitygw,
  type TestS3Server,
  versitygwMissing,
} from "./versitygw.ts";

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
