import { batchOf, entriesOf, labelsToRecord, nsPerMs, printLabels } from "@sluice/model";
import type { PushedStream } from "@sluice/push";
import { createMetrics } from "@sluice/service";
import { virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { defaultLimits, limitsFor, LimitsSection, type Limits } from "../limits.ts";
import { Distributor } from "./distributor.ts";
import { PushRefused } from "./push-refused.ts";

const startMs = Date.parse("2026-01-05T10:00:00Z");

/** A distributor whose time stands still until it is moved. */
function distributorWith(given: unknown): {
  readonly admit: (...streams: readonly PushedStream[]) => ReturnType<Distributor["admit"]>;
  readonly admitOf: (tenant: string, ...streams: readonly PushedStream[]) => ReturnType<Distributor["admit"]>;
  readonly refusalOf: (...streams: readonly PushedStream[]) => PushRefused | undefined;
  readonly distributor: Distributor;
  readonly metrics: () => Promise<string>;
  readonly setLimits: (given: unknown) => void;
  readonly wait: (ms: number) => Promise<void>;
} {
  const clock = virtualClock(startMs);
  const registry = createMetrics();
  let limits: Limits = limitsFor(defaultLimits, LimitsSection.parse(given));
  const distributor = new Distributor({ limitsOf: () => limits, clock, metrics: registry.metrics });
  const admitOf = (tenant: string, ...streams: readonly PushedStream[]): ReturnType<Distributor["admit"]> =>
    distributor.admit(tenant, streams);
  const admit = (...streams: readonly PushedStream[]): ReturnType<Distributor["admit"]> => admitOf("acme", ...streams);
  return {
    admit,
    admitOf,
    refusalOf(...streams) {
      try {
        return admit(...streams).refusal;
      } catch (error) {
        return error as PushRefused;
      }
    },
    distributor,
    metrics: () => registry.render(),
    setLimits: (changed) => (limits = limitsFor(defaultLimits, LimitsSection.parse(changed))),
    wait: (ms) => clock.advance(ms),
  };
}

function stream(labels: string, ...lines: readonly string[]): PushedStream {
  const timestampNs = BigInt(startMs) * nsPerMs;
  return { labels, batch: batchOf(lines.map((line, i) => ({ timestampNs: timestampNs + BigInt(i), line }))) };
}

const kibibyte = "x".repeat(1024);

test("a tenant that sends too fast is told when it may go on", async () => {
  const { refusalOf, wait, metrics } = distributorWith({ ingestion_rate_mb: 0.001, ingestion_burst_size_mb: 0.002 });
  expect(refusalOf(stream('{app="x"}', kibibyte, kibibyte))).toBeUndefined();
  const refusal = refusalOf(stream('{app="x"}', kibibyte), stream('{app="y"}', kibibyte));
  expect(refusal).toBeInstanceOf(PushRefused);
  expect({ status: refusal?.status, message: refusal?.message }).toEqual({
    status: 429,
    message:
      "ingestion rate limit exceeded for user acme (limit: 1048 bytes/sec) while attempting to ingest '2' lines totaling '2048' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased (limits_config.ingestion_rate_mb: 0.001, ingestion_burst_size_mb: 0.002; for one tenant in runtime_config.file)",
  });
  expect(await metrics()).toContain('sluice_discarded_lines_total{tenant="acme",reason="rate_limited"} 2');
  await wait(refusal!.retryAfterMs! + 1);
  expect(refusalOf(stream('{app="x"}', kibibyte), stream('{app="y"}', kibibyte))).toBeUndefined();
});

test("a stream that is too fast is refused alone", () => {
  const { admit } = distributorWith({ per_stream_rate_limit: "1KB", per_stream_rate_limit_burst: "2KB" });
  const { streams, refusal } = admit(stream('{app="fast"}', kibibyte, kibibyte, "x"), stream('{app="slow"}', "y"));
  expect(streams.map(({ labels }) => printLabels(labels))).toEqual(['{app="slow", service_name="slow"}']);
  expect(refusal?.message.split("\n").slice(0, 2)).toEqual([
    "entry with timestamp 2026-01-05 10:00:00 +0000 UTC ignored, reason: 'Per stream rate limit exceeded (limit: 1KB/sec) while attempting to ingest for stream '{app=\"fast\", service_name=\"fast\"}' totaling 1KB, consider splitting a stream via additional labels or contact your Loki administrator to see if the limit can be increased',",
    "entry with timestamp 2026-01-05 10:00:00.000000001 +0000 UTC ignored, reason: 'Per stream rate limit exceeded (limit: 1KB/sec) while attempting to ingest for stream '{app=\"fast\", service_name=\"fast\"}' totaling 1KB, consider splitting a stream via additional labels or contact your Loki administrator to see if the limit can be increased',",
  ]);
  expect(refusal?.message).toContain("user 'acme', total ignored: 3 out of 3 for stream: {app=\"fast\"");
  expect(refusal?.status).toBe(429);
});

test.for([{ max_global_streams_per_user: 2 }, { max_streams_per_user: 2 }])(
  "new streams are refused when there are many, known ones are not: %o",
  async (limits) => {
    const { admit, distributor, wait } = distributorWith(limits);
    const [a, b, c] = ["a", "b", "c"].map((app) => stream(`{app="${app}"}`, "line")) as [
      PushedStream,
      PushedStream,
      PushedStream,
    ];
    expect(admit(a, b).refusal).toBeUndefined();
    const { streams, refusal } = admit(c, a);
    expect(streams).toHaveLength(1);
    expect(refusal?.message).toMatch(
      /^maximum active stream limit exceeded when trying to create stream \{app="c", service_name="c"\}, reduce the number of active streams \(reduce labels or reduce label values\), or contact your Loki administrator to see if the limit can be increased, user: 'acme' \(limits_config\.max_global_streams_per_user: 2/u,
    );
    // One that got no line for a while makes room.
    await wait(400_000);
    admit(a);
    await wait(400_000);
    distributor.forgetIdle();
    expect(admit(a, c).refusal).toBeUndefined();
  },
);

test("limits that change hold at once, and what was remembered goes on", () => {
  const { admit, setLimits } = distributorWith({ max_global_streams_per_user: 1 });
  admit(stream('{app="a"}', "line"));
  expect(admit(stream('{app="b"}', "line")).refusal?.status).toBe(429);
  setLimits({ max_global_streams_per_user: 2, max_label_names_per_series: 1 });
  expect(admit(stream('{app="b"}', "line")).refusal).toBeUndefined();
  expect(admit(stream('{app="c"}', "line")).refusal?.status).toBe(429);
  expect(admit(stream('{app="a", pod="x"}', "line")).problems.print()).toBe(
    'entry for stream \'{app="a", pod="x", service_name="a"}\' has 2 label names; limit 1',
  );
});

test("the labels of a text are read once, whoever sends it and whatever the limits become", () => {
  const { admit, admitOf, setLimits } = distributorWith({ discover_service_name: [] });
  const sent = stream('{pod="p", app="a"}', "line");
  const labels = admit(sent).streams[0]!.labels;
  expect(labelsToRecord(labels)).toEqual({ app: "a", pod: "p" });
  expect(admit(sent).streams[0]!.labels).toBe(labels);
  expect(admitOf("other", sent).streams[0]!.labels).toBe(labels);
  setLimits({ discover_service_name: [], max_label_names_per_series: 3 });
  expect(admit(sent).streams[0]!.labels).toBe(labels);
  // What is made of them is each tenant's own.
  setLimits({ max_label_names_per_series: 1 });
  expect(admitOf("strict", sent).problems.print()).toContain("has 2 label names; limit 1");
});

test.for([
  { status: 260, told: "ingestion blocked for user 'acme' until '2026-01-06T00:00:00Z' with status code '260'" },
  { status: 200, told: undefined },
])("while ingestion is blocked nothing is stored, status $status", async ({ status, told }) => {
  const limits = { block_ingestion_until: "2026-01-06T00:00:00Z", block_ingestion_status_code: status };
  const { admit, wait } = distributorWith(limits);
  const { streams, refusal } = admit(stream('{app="a"}', "line"));
  expect(streams).toEqual([]);
  expect(refusal?.message).toBe(told);
  await wait(86_400_000);
  expect(admit(stream('{app="a"}', "line")).refusal).toBeUndefined();
});

test("what is stored has a service name and levels, unless they are switched off", () => {
  const stored = (limits: unknown): unknown =>
    distributorWith(limits)
      .admit(stream('{pod="p", container="web"}', "an error"))
      .streams.map(({ labels, batch }) => [
        labelsToRecord(labels),
        entriesOf(batch).map(({ metadata }) => metadata && labelsToRecord(metadata)),
      ]);
  expect(stored({})).toEqual([[{ pod: "p", container: "web", service_name: "web" }, [{ detected_level: "error" }]]]);
  const plain = [[{ pod: "p", container: "web" }, [undefined]]];
  expect(stored({ discover_service_name: [], discover_log_levels: false })).toEqual(plain);
  expect(stored({ discover_service_name: [], allow_structured_metadata: false })).toEqual(plain);
});

test("lines and bytes are counted, stored or not", async () => {
  const { admit, metrics } = distributorWith({ max_line_size: 5, enforced_labels: ["team"] });
  admit(stream('{team="a"}', "short", "much too long"), stream('{app="x"}', "abc"));
  const text = await metrics();
  expect(text).toContain('sluice_distributor_lines_received_total{tenant="acme"} 3');
  expect(text).toContain('sluice_distributor_bytes_received_total{tenant="acme"} 21');
  expect(text).toContain('sluice_discarded_bytes_total{tenant="acme",reason="line_too_long"} 13');
  expect(text).toContain('sluice_discarded_lines_total{tenant="acme",reason="missing_enforced_labels"} 1');
});
