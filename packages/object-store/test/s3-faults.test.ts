import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import type { Clock, Rng } from "@sluice/model";
import { systemClock } from "@sluice/model/node";
import { seededRng, virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { countingObjectStore, type ObjectStore } from "../src/index.ts";
import type { S3ObjectStoreOptions } from "../src/s3/index.ts";
import {
  errorXml,
  type Fault,
  type FaultProxy,
  type ProxiedRequest,
  startFaultProxy,
} from "../src/testing/fault-proxy.ts";
import { countedMetrics } from "./counted-metrics.ts";
import { describeWithS3 } from "../src/testing/with-s3.ts";
import { openStore } from "./real-s3.ts";

const inParts = { multipartFromBytes: 1 << 20, partSizeBytes: 5 << 20 };
const large = Uint8Array.from({ length: 11 << 20 }, (_, i) => (i * 7919) >> 9);
/** Waits between tries are short, and no try is given up for a machine that is slow: it could still take effect. */
const quick: Partial<S3ObjectStoreOptions> = { rng: { next: () => 0.05 }, attemptTimeoutMs: 60_000 };

interface SetUp extends AsyncDisposable {
  readonly store: ObjectStore;
  readonly proxy: FaultProxy;
  readonly prefix: string;
  readonly openUploads: () => Promise<readonly unknown[]>;
}

let count = 0;

describeWithS3("an S3 server behind faults", (server) => {
  async function setUp(options: Partial<S3ObjectStoreOptions> = {}): Promise<SetUp> {
    const proxy = await startFaultProxy(server().endpoint);
    const prefix = `faults-${(count += 1)}`;
    const store = openStore(server(), { ...quick, endpoint: proxy.endpoint, prefix, ...options });
    return {
      store,
      proxy,
      prefix,
      openUploads: () => openUploads(prefix),
      async [Symbol.asyncDispose]() {
        store[Symbol.dispose]();
        await proxy[Symbol.asyncDispose]();
      },
    };
  }

  /** Uploads in parts that were begun and neither completed nor given up. */
  async function openUploads(prefix: string): Promise<readonly unknown[]> {
    const { bucket: Bucket, credentials, endpoint, region } = server();
    const client = new S3Client({ credentials, endpoint, region, forcePathStyle: true });
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: prefix }));
    client.destroy();
    return (Uploads ?? []).filter(({ Key }) => Key!.startsWith(`${prefix}/`));
  }

  test.for<{ fault: Fault }>([
    { fault: { kind: "refuse", status: 503, code: "SlowDown" } },
    { fault: { kind: "refuse", status: 500, code: "InternalError" } },
    { fault: { kind: "refuse", status: 409, code: "ConditionalRequestConflict" } },
    { fault: { kind: "refuse", status: 400, code: "RequestTimeout" } },
    { fault: { kind: "hang" } },
    { fault: { kind: "reset" } },
    { fault: { kind: "lose-answer" } },
    { fault: { kind: "cut", afterBytes: 0 } },
  ])("every operation heals when its first two tries meet $fault.kind $fault.code", async ({ fault }) => {
    const clock = virtualClock();
    const sleep: Clock["sleep"] = (ms, signal) => (ms === 0 ? Promise.resolve() : clock.sleep(ms, signal));
    await using made = await setUp({ clock: { ...clock, sleep }, rng: { next: () => 0 } });
    const { store, proxy } = made;
    const twice = async <T>(run: () => Promise<T>): Promise<T> => {
      const seen = new Map<string, number>();
      proxy.fault = ({ method, url }) => {
        const tries = seen.get(method + url) ?? 0;
        seen.set(method + url, tries + 1);
        // The answer to a HEAD has no room for a code.
        const isPossible = method !== "HEAD" || fault.kind !== "refuse" || fault.status >= 500;
        if (tries >= 2 || !isPossible) {
          return undefined;
        }
        if (fault.kind === "hang") {
          setImmediate(() => void clock.advance(61_000));
        }
        return fault;
      };
      return run();
    };
    await twice(() => store.put("a/plain", [bytes("plain")]));
    await twice(() => store.put("a/once", [bytes("once")], { ifAbsent: true }));
    expect(text(await twice(() => store.get("a/plain")))).toBe("plain");
    expect(text(await twice(() => store.get("a/once", { offset: 1, length: 2 })))).toBe("nc");
    expect(await twice(() => store.stat("a/once"))).toEqual({ sizeBytes: 4 });
    expect(await twice(() => keys(store, "a/"))).toEqual(["a/once", "a/plain"]);
    await expect(twice(() => store.put("a/once", [bytes("other")], { ifAbsent: true }))).rejects.toMatchObject({
      code: "already_exists",
    });
    await twice(() => store.remove("a/once"));
    expect(await keys(store, "a/")).toEqual(["a/plain"]);
  });

  test.for(["PUT", "POST uploads", "PUT partNumber", "POST uploadId"])(
    "an object that goes up in parts is whole when the answer to its first %s is lost",
    async (which) => {
      await using made = await setUp({ ...inParts });
      const { store, proxy } = made;
      for (const ifAbsent of [true, false]) {
        proxy.fault = once((request) => isRequest(request, which), { kind: "lose-answer" });
        await store.put(`large/${ifAbsent}`, [large.subarray(0, 3), large.subarray(3)], { ifAbsent });
        expect(Buffer.compare(await store.get(`large/${ifAbsent}`), large)).toBe(0);
      }
      await expect(store.put("large/true", [large], { ifAbsent: true })).rejects.toMatchObject({
        code: "already_exists",
      });
      // An upload whose name got lost can be given up by nobody but the bucket's lifecycle rule.
      expect((await made.openUploads()).length).toBe(which === "POST uploads" ? 2 : 0);
    },
  );

  test("an upload that S3 gives up while it answers 200 is completed again", async () => {
    await using made = await setUp(inParts);
    const { store, proxy } = made;
    const isComplete = (request: ProxiedRequest): boolean => isRequest(request, "POST uploadId");
    proxy.fault = once(isComplete, { kind: "answer", body: errorXml("InternalError") });
    await store.put("large", [large]);
    expect(Buffer.compare(await store.get("large"), large)).toBe(0);
    expect(proxy.requests.filter(isComplete).length).toBe(2);
  });

  test.for([true, false])(
    "an upload that was completed, though S3 knows it no more when asked again, counts as put (ifAbsent %s)",
    async (ifAbsent) => {
      await using made = await setUp(inParts);
      const { store, proxy } = made;
      let tries = 0;
      proxy.fault = (request) => {
        if (!isRequest(request, "POST uploadId")) {
          return undefined;
        }
        tries += 1;
        return tries === 1 ? { kind: "lose-answer" } : { kind: "refuse", status: 404, code: "NoSuchUpload" };
      };
      await store.put("large", [large], { ifAbsent });
      expect(tries).toBe(2);
      expect(Buffer.compare(await store.get("large"), large)).toBe(0);
      // But an upload that was never completed does not.
      await expect(store.put("other", [large], { ifAbsent })).rejects.toMatchObject({ code: "unavailable" });
      expect(await store.stat("other")).toBeUndefined();
    },
  );

  test("a conflict in completing a conditional upload starts it again", async () => {
    await using made = await setUp(inParts);
    const { store, proxy } = made;
    proxy.fault = once((request) => isRequest(request, "POST uploadId"), {
      kind: "refuse",
      status: 409,
      code: "ConditionalRequestConflict",
    });
    await store.put("large", [large], { ifAbsent: true });
    expect(proxy.requests.filter((request) => isRequest(request, "POST uploads")).length).toBe(2);
    expect(await made.openUploads()).toEqual([]);
  });

  test.for(["PUT partNumber", "POST uploadId"])(
    "when %s fails for good, nothing is visible and nothing is left",
    async (which) => {
      await using made = await setUp(inParts);
      const { store, proxy } = made;
      proxy.fault = (request) =>
        isRequest(request, which) ? { kind: "refuse", status: 403, code: "AccessDenied" } : undefined;
      await expect(store.put("large", [large])).rejects.toMatchObject({
        code: "unavailable",
        message:
          "cannot write object large in bucket test-bucket: access denied, the credentials lack a permission for it (AccessDenied)",
      });
      expect(await store.stat("large")).toBeUndefined();
      expect(await made.openUploads()).toEqual([]);
    },
  );

  test("a body that is cut or short is never taken for the object", async () => {
    await using made = await setUp({ checksums: "always" });
    const { store, proxy } = made;
    const body = bytes("0123456789".repeat(1000));
    await store.put("a", [body]);
    const faults: Fault[] = [
      { kind: "cut", afterBytes: 5000 },
      { kind: "shorten", toBytes: 5000 },
    ];
    for (const fault of faults) {
      for (const range of [undefined, { offset: 10, length: 9000 }]) {
        proxy.fault = once(() => true, fault);
        expect((await store.get("a", range)).length).toBe(range?.length ?? body.length);
        proxy.fault = () => fault;
        await expect(store.get("a", range)).rejects.toMatchObject({
          code: "unavailable",
          message: expect.stringMatching(/^cannot read object a in bucket test-bucket: [^\n]+$/u),
        });
      }
    }
  });

  test("every try and part is counted, as the bill does", async () => {
    const { metrics, values } = countedMetrics();
    await using made = await setUp({ ...inParts, metrics });
    const { store, proxy } = made;
    proxy.fault = once((request) => isRequest(request, "PUT partNumber"), {
      kind: "refuse",
      status: 503,
      code: "SlowDown",
    });
    await store.put("large", [large]);
    proxy.fault = once(() => true, { kind: "reset" });
    await store.get("large", { offset: 0, length: 5 });
    expect(values).toEqual({
      'sluice_s3_requests_total {"operation":"CreateMultipartUpload","status":"200"}': 1,
      'sluice_s3_requests_total {"operation":"UploadPart","status":"503"}': 1,
      'sluice_s3_requests_total {"operation":"UploadPart","status":"200"}': 3,
      'sluice_s3_requests_total {"operation":"CompleteMultipartUpload","status":"200"}': 1,
      'sluice_s3_requests_total {"operation":"GetObject","status":"none"}': 1,
      'sluice_s3_requests_total {"operation":"GetObject","status":"206"}': 1,
    });
  });

  test.for([
    { code: "AccessDenied", status: 403 },
    { code: "InvalidAccessKeyId", status: 403 },
    { code: "SignatureDoesNotMatch", status: 403 },
    { code: "ExpiredToken", status: 400 },
    { code: "NoSuchBucket", status: 404 },
  ])("what will not pass is asked once: $code", async ({ code, status }) => {
    await using made = await setUp();
    const { store, proxy } = made;
    proxy.fault = () => ({ kind: "refuse", status, code });
    for (const run of [
      () => store.put("a", [bytes("x")]),
      () => store.put("a", [bytes("x")], { ifAbsent: true }),
      () => store.get("a"),
      () => store.remove("a"),
      () => keys(store, "a"),
    ]) {
      proxy.requests.length = 0;
      await expect(run()).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringMatching(`^cannot [a-z]+ objects? a in bucket test-bucket: .* \\(${code}\\)$`),
      });
      expect(proxy.requests.length).toBe(1);
    }
  });

  test("an outage costs five tries a request at first, then one, and ends by itself", async () => {
    await using made = await setUp({ rng: { next: () => 0 } });
    const { store, proxy } = made;
    await store.put("a", [bytes("x")]);
    proxy.requests.length = 0;
    proxy.fault = () => ({ kind: "refuse", status: 503, code: "SlowDown" });
    await expect(store.get("a")).rejects.toMatchObject({
      code: "unavailable",
      message: "cannot read object a in bucket test-bucket: too many requests, it asks to slow down (SlowDown)",
    });
    expect(proxy.requests.length).toBe(5);
    const settled = await Promise.allSettled(Array.from({ length: 300 }, () => store.get("a")));
    expect(settled.every(({ status }) => status === "rejected")).toBe(true);
    expect(proxy.requests.length).toBeLessThanOrEqual(301 + 100);
    proxy.fault = () => undefined;
    expect(text(await store.get("a"))).toBe("x");
  });

  test("the store's signal ends what hangs", async () => {
    const closing = new AbortController();
    await using made = await setUp({ signal: closing.signal });
    const { store, proxy } = made;
    proxy.fault = () => ({ kind: "hang" });
    const pending = [store.get("a"), store.put("a", [bytes("x")]), keys(store, "")];
    setTimeout(() => closing.abort(), 50);
    for (const one of await Promise.allSettled(pending)) {
      expect(one).toMatchObject({
        status: "rejected",
        reason: { code: "cancelled", message: "the object store was closed" },
      });
    }
  });

  test("a listing out of order is refused: what depends on the order would be wrong", async () => {
    await using made = await setUp();
    const { store, proxy } = made;
    const contents = ["b", "a"].map((key) => `<Contents><Key>test/${key}</Key><Size>1</Size></Contents>`).join("");
    proxy.fault = ({ url }) => ({
      kind: "answer",
      body: `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.replaceAll("test/", prefixIn(url))}</ListBucketResult>`,
    });
    await expect(keys(store, "")).rejects.toMatchObject({
      code: "unavailable",
      message: "cannot list objects  in bucket test-bucket: it lists a after b, out of order",
    });
  });

  test("a listing of several pages heals in the middle", async () => {
    await using made = await setUp();
    const { store, proxy } = made;
    const all = Array.from({ length: 1100 }, (_, i) => `p/${String(i).padStart(5, "0")}`);
    const directory = join(server().bucketDirectory, made.prefix, "p");
    await mkdir(directory, { recursive: true });
    await Promise.all(all.map((key) => writeFile(join(directory, key.slice(2)), "")));
    proxy.fault = once(({ url }) => url.includes("continuation-token"), { kind: "cut", afterBytes: 100 });
    expect(await keys(store, "p/")).toEqual(all);
    expect(await keys(store, "p/", all[1050])).toEqual(all.slice(1051));
  });

  test("a missing bucket is not taken for an empty one", async () => {
    await using made = await setUp({ bucket: "nowhere" });
    await expect(made.store.stat("a")).rejects.toMatchObject({
      code: "unavailable",
      message: "cannot read object a in bucket nowhere: the bucket does not exist",
    });
    await expect(made.store.get("a")).rejects.toMatchObject({ code: "unavailable" });
  });

  test("a server that refuses conditions says that it cannot do them", async () => {
    await using made = await setUp();
    const { store, proxy } = made;
    proxy.fault = () => ({ kind: "refuse", status: 501, code: "NotImplemented" });
    await expect(store.put("a", [bytes("x")], { ifAbsent: true })).rejects.toMatchObject({
      code: "unprocessable",
      message:
        "cannot write object a only if it is absent in bucket test-bucket: the server does not support it (NotImplemented)",
    });
    expect(proxy.requests.length).toBe(1);
  });

  test.for<{ options: Partial<S3ObjectStoreOptions>; want: Record<string, string> }>([
    { options: { encryption: { type: "AES256" } }, want: { "x-amz-server-side-encryption": "AES256" } },
    { options: { encryption: { type: "aws:kms" } }, want: { "x-amz-server-side-encryption": "aws:kms" } },
    {
      options: { encryption: { type: "aws:kms", keyId: "alias/logs", context: { team: "a" } } },
      want: {
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": "alias/logs",
        "x-amz-server-side-encryption-context": "eyJ0ZWFtIjoiYSJ9",
      },
    },
    { options: { storageClass: "STANDARD_IA" }, want: { "x-amz-storage-class": "STANDARD_IA" } },
  ])("$want is asked for, whole and in parts", async ({ options, want }) => {
    await using made = await setUp({ ...inParts, ...options });
    const { store, proxy } = made;
    // The server here knows no encryption: what counts is what it is asked for.
    proxy.fault = () => ({ kind: "refuse", status: 400, code: "InvalidArgument" });
    await expect(store.put("a", [bytes("x")])).rejects.toThrow("InvalidArgument");
    await expect(store.put("a", [large])).rejects.toThrow("InvalidArgument");
    expect(proxy.requests.map(({ method }) => method)).toEqual(["PUT", "POST"]);
    for (const { headers } of proxy.requests) {
      expect(headers).toMatchObject(want);
    }
  });

  test("Google is asked in its own words for put-if-absent, in one piece however large", async () => {
    await using made = await setUp({ ...inParts, flavour: "gcs", region: "us-east-1" });
    const { store, proxy } = made;
    proxy.fault = ({ headers }) =>
      headers["x-goog-if-generation-match"] === "0" ? { kind: "answer", body: "" } : undefined;
    await store.put("large", [large], { ifAbsent: true });
    expect(proxy.requests.map(({ method }) => method)).toEqual(["PUT"]);
    proxy.fault = ({ method }) =>
      method === "PUT" ? { kind: "refuse", status: 412, code: "PreconditionFailed" } : undefined;
    await expect(store.put("a", [bytes("x")], { ifAbsent: true })).rejects.toMatchObject({ code: "already_exists" });
  });

  test("whatever happens on the way, what was acknowledged is there, whole, and nothing else", async () => {
    const { metrics, values } = countedMetrics();
    await using made = await setUp({ attemptsMax: 3 });
    const { proxy } = made;
    const store = countingObjectStore(made.store, metrics, systemClock);
    const rng = seededRng(4711);
    proxy.fault = () => (rng.next() < 0.3 ? anyFault(rng) : undefined);
    /** What a key may hold: after a put that failed, the old or the new. */
    const possible = new Map<string, Set<string | undefined>>();
    let failed = 0;
    for (let i = 0; i < 120; i++) {
      const key = `k/${Math.floor(rng.next() * 20)}`;
      const held = possible.get(key) ?? new Set([undefined]);
      const body = `${i} `.repeat(1 + Math.floor(rng.next() * 3000));
      const ifAbsent = rng.next() < 0.5;
      try {
        if (rng.next() < 0.2) {
          held.add(undefined);
          await store.remove(key);
          possible.set(key, new Set([undefined]));
        } else if (rng.next() < 0.6) {
          held.add(body);
          await store.put(key, [bytes(body)], { ifAbsent });
          expect(ifAbsent && !held.has(undefined)).toBe(false);
          possible.set(key, new Set([body]));
        } else {
          held.delete(body);
          const found = await store.get(key).then(text, absentAsUndefined);
          expect([...held]).toContain(found);
          possible.set(key, new Set([found]));
        }
      } catch (error) {
        const { code } = error as { code?: string };
        expect(["unavailable", "already_exists"]).toContain(code);
        if (code === "already_exists") {
          held.delete(body);
          held.delete(undefined);
          expect(held.size).toBeGreaterThan(0);
        }
        possible.set(key, held);
        failed += code === "unavailable" ? 1 : 0;
      }
    }
    proxy.fault = () => undefined;
    for (const [key, held] of possible) {
      expect([...held]).toContain(await store.get(key).then(text, absentAsUndefined));
    }
    expect(failed).toBeGreaterThan(0);
    expect(values['sluice_object_store_requests_total {"operation":"put","outcome":"ok"}']).toBeGreaterThan(20);
    expect(values['sluice_object_store_requests_total {"operation":"put","outcome":"unavailable"}']).toBeGreaterThan(0);
  }, 120_000);
});

function anyFault(rng: Rng): Fault {
  const faults: Fault[] = [
    { kind: "refuse", status: 503, code: "SlowDown" },
    { kind: "refuse", status: 500, code: "InternalError" },
    { kind: "reset" },
    { kind: "lose-answer" },
    { kind: "cut", afterBytes: 10 },
  ];
  return faults[Math.floor(rng.next() * faults.length)]!;
}

function once(which: (request: ProxiedRequest) => boolean, fault: Fault): FaultProxy["fault"] {
  let isDone = false;
  return (request) => {
    if (isDone || !which(request)) {
      return undefined;
    }
    isDone = true;
    return fault;
  };
}

/** `which` is a method and a parameter that its URL has. */
function isRequest({ method, url }: ProxiedRequest, which: string): boolean {
  const [wanted, parameter = ""] = which.split(" ");
  return method === wanted && (parameter === "" || new URL(url, "http://any").searchParams.has(parameter));
}

function prefixIn(url: string): string {
  return new URL(url, "http://any").searchParams.get("prefix") ?? "";
}

function absentAsUndefined(error: unknown): undefined {
  if ((error as { code?: string }).code !== "not_found") {
    throw error;
  }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

async function keys(store: ObjectStore, prefix: string, startAfter?: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix, startAfter)) {
    found.push(key);
  }
  return found;
}
