import { systemClock, systemRng, nodeFileSystem } from "@sluice/model/node";
import { startFaultProxy, type FaultProxy } from "@sluice/object-store/testing/s3-server";
import { describeWithS3 } from "@sluice/object-store/testing/with-s3";
import { quietMetrics, temporaryDirectory } from "@sluice/testkit";
import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { ServerConfig } from "../src/config.ts";
import { startServer, type RunningServer } from "../src/server.ts";
import { openStorage } from "../src/storage/open-storage.ts";

let prefixCount = 0;

function start(dataDirectory: string, config: unknown): Promise<RunningServer> {
  return startServer({
    dataDirectory,
    listen: { host: "127.0.0.1", port: 0 },
    uiDirectory: undefined,
    logLevel: "error",
    config: ServerConfig.parse(config),
  });
}

async function push({ address }: RunningServer, ...lines: readonly string[]): Promise<number> {
  const firstNs = BigInt(Date.now()) * 1_000_000n;
  const values = lines.map((line, i) => [String(firstNs + BigInt(i)), line]);
  const response = await fetch(`${address}/loki/api/v1/push`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ streams: [{ stream: { app: "web" }, values }] }),
  });
  return response.status;
}

/** All lines, sorted: what is there twice shows twice. */
async function lines({ address }: RunningServer): Promise<string[]> {
  const response = await fetch(
    `${address}/loki/api/v1/query_range?limit=1000&query=${encodeURIComponent('{app="web"}')}`,
  );
  const { data } = (await response.json()) as { data: { result: { values: [string, string][] }[] } };
  return data.result.flatMap(({ values }) => values.map(([, line]) => line)).sort();
}

async function flush({ address }: RunningServer): Promise<number> {
  return (await fetch(`${address}/flush`, { method: "POST" })).status;
}

describeWithS3("a server whose segments are in a bucket", (s3) => {
  /** Loki's keys for the bucket behind the endpoint, below a prefix of its own. */
  function bucket(endpoint: string, more: object = {}): { readonly storage_config: { readonly aws: object } } {
    const { bucket: bucketnames, credentials, region } = s3();
    return {
      storage_config: {
        aws: {
          bucketnames,
          endpoint,
          region,
          access_key_id: credentials.accessKeyId,
          secret_access_key: credentials.secretAccessKey,
          s3forcepathstyle: true,
          prefix: `server-${(prefixCount += 1)}`,
          ...more,
        },
      },
    };
  }

  test("lines are in the bucket, outlive a restart, and are read from the disk cache after a flush", async () => {
    await using directory = await temporaryDirectory();
    await using proxy = await startFaultProxy(s3().endpoint);
    const config = bucket(proxy.endpoint);
    let server = await start(directory.path, config);
    expect(await push(server, "one", "two")).toBe(204);
    expect(await flush(server)).toBe(204);
    proxy.requests.length = 0;
    expect(await lines(server)).toEqual(["one", "two"]);
    expect(proxy.requests).toEqual([]);
    await push(server, "three");
    await server.stop();
    server = await start(directory.path, config);
    proxy.requests.length = 0;
    expect(await lines(server)).toEqual(["one", "three", "two"]);
    expect(proxy.requests).toEqual([]);
    await server.stop();
    expect((await readdir(directory.path)).sort()).toEqual(["cache", "instance", "ruler", "wal"]);
  });

  test("while the bucket is away pushes are acknowledged and queries answered, and nothing is lost or doubled", async () => {
    await using directory = await temporaryDirectory();
    await using proxy = await startFaultProxy(s3().endpoint);
    const server = await start(directory.path, bucket(proxy.endpoint, { backoff_config: { max_retries: 2 } }));
    await push(server, "before");
    await flush(server);
    const away: FaultProxy["fault"][] = [
      () => ({ kind: "refuse", status: 503, code: "SlowDown" }),
      () => ({ kind: "reset" }),
      ({ method }) => (method === "PUT" ? { kind: "lose-answer" } : undefined),
    ];
    for (const [i, fault] of away.entries()) {
      proxy.fault = fault;
      const startMs = Date.now();
      expect(await push(server, `away ${i}`)).toBe(204);
      expect(Date.now() - startMs).toBeLessThan(2000);
      expect(await flush(server)).toBe(503);
      expect((await lines(server)).length).toBe(i + 2);
    }
    proxy.fault = () => undefined;
    expect(await flush(server)).toBe(204);
    expect(await lines(server)).toEqual(["away 0", "away 1", "away 2", "before"]);
    await server.stop();
  });

  test("a bucket that does not answer holds up neither pushes nor queries, nor the end for long", async () => {
    await using directory = await temporaryDirectory();
    await using proxy = await startFaultProxy(s3().endpoint);
    const config = bucket(proxy.endpoint);
    let server = await start(directory.path, config);
    // Threads have started: what is measured is the bucket.
    expect(await lines(server)).toEqual([]);
    proxy.fault = () => ({ kind: "hang" });
    await push(server, "one");
    const flushing = flush(server).catch(() => 503);
    const startMs = Date.now();
    for (const line of ["two", "three", "four"]) {
      expect(await push(server, line)).toBe(204);
    }
    expect(await lines(server)).toEqual(["four", "one", "three", "two"]);
    expect(Date.now() - startMs).toBeLessThan(2000);
    await server.stop();
    expect(Date.now() - startMs).toBeLessThan(14_000);
    expect(await flushing).toBe(503);
    proxy.fault = () => undefined;
    server = await start(directory.path, config);
    expect(await flush(server)).toBe(204);
    expect(await lines(server)).toEqual(["four", "one", "three", "two"]);
    await server.stop();
  });

  test("two servers on one bucket see each other's lines, and each goes on where it was", async () => {
    await using one = await temporaryDirectory();
    await using other = await temporaryDirectory();
    const { storage_config: storage } = bucket(s3().endpoint);
    const config = { storage_config: { ...storage, refresh_interval: "50ms" } };
    let servers = await Promise.all([start(one.path, config), start(other.path, config)]);
    for (let round = 0; round < 3; round++) {
      await push(servers[0], `one ${round}`);
      await push(servers[1], `other ${round}`);
      await Promise.all(servers.map(flush));
    }
    // Not flushed: only in the log of one of them.
    await push(servers[0], "one at last");
    await Promise.all(servers.map((server) => server.stop()));
    servers = await Promise.all([start(one.path, config), start(other.path, config)]);
    await Promise.all(servers.map(flush));
    const all = ["one 0", "one 1", "one 2", "one at last", "other 0", "other 1", "other 2"];
    for (const server of servers) {
      await expect.poll(() => lines(server)).toEqual(all);
    }
    await Promise.all(servers.map((server) => server.stop()));
  });

  test.for([
    {
      title: "a bucket that is not there",
      more: { bucketnames: "nowhere" },
      want: "cannot list objects manifest/ in bucket nowhere: the bucket does not exist (NoSuchBucket)",
    },
    {
      title: "a key that is not known",
      more: { access_key_id: "nobody" },
      want: "cannot list objects manifest/ in bucket test-bucket: No user exists with the provided access key ID. (XAdminUserNotFound)",
    },
    {
      title: "a wrong secret",
      more: { secret_access_key: "wrong" },
      want: "cannot list objects manifest/ in bucket test-bucket: the secret access key is wrong, or something changed the request on its way (SignatureDoesNotMatch)",
    },
    {
      title: "an endpoint where nothing listens",
      more: { endpoint: "http://127.0.0.1:9" },
      want: "cannot list objects manifest/ in bucket test-bucket: nothing listens at the endpoint (ECONNREFUSED)",
    },
    {
      title: "an endpoint that does not resolve",
      more: { endpoint: "http://nowhere.invalid" },
      want: "cannot list objects manifest/ in bucket test-bucket: the endpoint's name nowhere.invalid does not resolve (ENOTFOUND)",
    },
  ])("the start fails within seconds with one sentence for $title", async ({ more, want }) => {
    await using directory = await temporaryDirectory();
    const startMs = Date.now();
    await expect(start(directory.path, bucket(s3().endpoint, more))).rejects.toMatchObject({ message: want });
    expect(Date.now() - startMs).toBeLessThan(10_000);
  });

  test("the start says in the log what the bucket's conditional puts are worth", async () => {
    await using directory = await temporaryDirectory();
    await using proxy = await startFaultProxy(s3().endpoint);
    const said: string[] = [];
    const say = (level: string) => (message: string, fields?: { readonly conditionalPut?: string }) =>
      void said.push(`${level}: ${message} ${fields?.conditionalPut}`);
    const logger = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
    const open = async (): Promise<void> => {
      const { common, storage_config: config } = ServerConfig.parse(bucket(proxy.endpoint));
      await using _ = await openStorage({
        common,
        config,
        dataDirectory: directory.path,
        fs: nodeFileSystem,
        clock: systemClock,
        rng: systemRng,
        logger,
        metrics: quietMetrics,
        signal: new AbortController().signal,
      });
    };
    await open();
    proxy.fault = ({ method }) => (method === "PUT" ? { kind: "answer", body: "" } : undefined);
    await open();
    expect(said).toEqual([
      "info: the bucket answers, and its conditional puts are atomic atomic",
      "warn: the bucket's conditional puts are not atomic: let this server alone use it, never two unsupported",
    ]);
  });
});
