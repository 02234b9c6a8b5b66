import { expect, test } from "vitest";
import { probeConditionalPut } from "../src/index.ts";
import type { S3ObjectStore } from "../src/s3/index.ts";
import { startFaultProxy } from "../src/testing/fault-proxy.ts";
import { objectStoreSuite } from "../src/testing/suite.ts";
import { describeWithS3 } from "../src/testing/with-s3.ts";
import { startGoogleShim } from "./google-shim.ts";
import { openStore } from "./real-s3.ts";

describeWithS3("a server that speaks as Google's documents say", (server) => {
  async function open(): Promise<{ readonly store: S3ObjectStore } & AsyncDisposable> {
    const shim = await startGoogleShim(server());
    const store = openStore(server(), {
      endpoint: shim.endpoint,
      flavour: "gcs",
      region: "auto",
      multipartFromBytes: 1 << 20,
      partSizeBytes: 5 << 20,
    });
    return {
      store,
      async [Symbol.asyncDispose]() {
        store[Symbol.dispose]();
        await shim[Symbol.asyncDispose]();
      },
    };
  }

  objectStoreSuite("Google Cloud Storage", open);

  test("its conditional puts are atomic", async () => {
    await using opened = await open();
    expect(await probeConditionalPut(opened.store, { prefix: "probe" })).toMatchObject({ conditionalPut: "atomic" });
  });

  test("spoken to as S3, its conditional puts do not work, and say so", async () => {
    await using shim = await startGoogleShim(server());
    using store = openStore(server(), { endpoint: shim.endpoint });
    await expect(store.put("a", [new Uint8Array(1)], { ifAbsent: true })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("InvalidArgument"),
    });
  });

  test("a wrong secret is found in both signatures", async () => {
    await using shim = await startGoogleShim(server());
    const credentials = { ...server().credentials, secretAccessKey: "wrong" };
    using store = openStore(server(), { endpoint: shim.endpoint, flavour: "gcs", region: "auto", credentials });
    for (const ifAbsent of [false, true]) {
      await expect(store.put("a", [new Uint8Array(1)], { ifAbsent })).rejects.toThrow("SignatureDoesNotMatch");
    }
  });

  test("a put whose answer was lost knows its own work again", async () => {
    await using shim = await startGoogleShim(server());
    await using proxy = await startFaultProxy(shim.endpoint);
    using store = openStore(server(), { endpoint: proxy.endpoint, flavour: "gcs", region: "auto" });
    let tries = 0;
    proxy.fault = ({ method }) => (method === "PUT" && (tries += 1) === 1 ? { kind: "lose-answer" } : undefined);
    await store.put("a", [new Uint8Array(1)], { ifAbsent: true });
    expect(tries).toBe(2);
    await expect(store.put("a", [new Uint8Array(1)], { ifAbsent: true })).rejects.toMatchObject({
      code: "already_exists",
    });
  });
});
