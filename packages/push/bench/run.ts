import { entriesOf, metadataAt, noLabels, type EntryBatch, type Labels } from "@sluice/model";
import { logLine, seededRng } from "@sluice/testkit";
import { runBench, type BenchCase } from "@sluice/testkit/bench";
import { compress, uncompress } from "snappyjs";
import protobuf from "protobufjs/light.js";
import {
  decodePush,
  defaultPushLimits,
  PushEncoder,
  readPushRequest,
  createSnappyCodec,
  plainSnappyCodec,
  type SnappyCodec,
} from "../src/index.ts";
import { pushRequestType, pushSchema } from "../src/schema.ts";

/** The corpus: 16 MB of lines, one a millisecond, in requests of 1 MiB, ten streams in each. */
const corpusBytes = 16_777_216;
const requestBytes = 1_048_576;
const streamCount = 10;
const startMs = Date.UTC(2026, 0, 1);

interface Line {
  readonly labels: string;
  readonly seconds: number;
  readonly nanos: number;
  readonly bytes: Uint8Array;
  readonly metadata: Labels;
}

/** Copies instead of compressing, so that the protobuf work is seen alone. */
const stored: SnappyCodec = { compress: (bytes) => bytes, decompress: (block) => block };

const kernelCodec = createSnappyCodec();
const snappyAlone: SnappyCodec = {
  compress: (bytes) => kernelCodec.compress(bytes),
  decompress: (block, sizeBytesMax) => kernelCodec.decompress(block, sizeBytesMax),
};
const snappyJs: SnappyCodec = { compress, decompress: uncompress };

const requests = makeCorpus();
const lines = requests.reduce((sum, request) => sum + request.length, 0);
const bytes = requests.flat().reduce((sum, line) => sum + line.bytes.length, 0);

const bodies = requests.map((request) => encode(request, new PushEncoder(), noLabels));
const messages = requests.map((request) => encode(request, new PushEncoder(stored), noLabels));
const repeated: Labels = [{ name: "pod_ip", value: "10.0.0.1" }];
const repeatedBodies = requests.map((request) => encode(request, new PushEncoder(), repeated));
const metadataBodies = requests.map((request) => encode(request, new PushEncoder(), undefined));
const withRepeated = requests.map((request) => encode(request, new PushEncoder(stored), repeated));
const withMetadata = requests.map((request) => encode(request, new PushEncoder(stored), undefined));
const jsonBodies = messages.map(toJson);
const bytesType = protobuf.Root.fromJSON(withByteLines(pushSchema)).lookupType("logproto.PushRequest");

function benchCase(name: string, run: () => unknown): BenchCase {
  return { name, bytes, lines, run };
}

/** What a request becomes is dropped before the next one comes, as in a server. */
function each(bodies: readonly Uint8Array[], run: (body: Uint8Array) => unknown): void {
  for (const body of bodies) {
    void run(body);
  }
}

function decode(body: Uint8Array, contentType: string, codec = kernelCodec): unknown {
  return decodePush({ body, contentType, contentEncoding: undefined }, defaultPushLimits, codec);
}

await runBench("push-decode", `${import.meta.dirname}/..`, [
  benchCase("body to batches", () => each(bodies, (body) => decode(body, "application/x-protobuf"))),
  benchCase("body to batches, one metadata set", () =>
    each(repeatedBodies, (body) => decode(body, "application/x-protobuf")),
  ),
  benchCase("body to batches, a set per line", () =>
    each(metadataBodies, (body) => decode(body, "application/x-protobuf")),
  ),
  benchCase("body to batches, kernel for snappy alone", () =>
    each(bodies, (body) => decode(body, "application/x-protobuf", snappyAlone)),
  ),
  benchCase("body to batches, no kernel", () =>
    each(bodies, (body) => decode(body, "application/x-protobuf", plainSnappyCodec)),
  ),
  benchCase("snappy kernel alone", () => each(bodies, (body) => kernelCodec.decompress(body, corpusBytes))),
  benchCase("plain codec alone", () => each(bodies, (body) => plainSnappyCodec.decompress(body, corpusBytes))),
  benchCase("snappyjs alone, unchecked", () => each(bodies, (body) => uncompress(body))),
  benchCase("reader alone", () => each(messages, (message) => readPushRequest(message, defaultPushLimits))),
  benchCase("reader alone, one metadata set", () =>
    each(withRepeated, (message) => readPushRequest(message, defaultPushLimits)),
  ),
  benchCase("reader alone, a set per line", () =>
    each(withMetadata, (message) => readPushRequest(message, defaultPushLimits)),
  ),
  benchCase("protobufjs, lines as strings", () => each(messages, (message) => pushRequestType.decode(message))),
  benchCase("protobufjs, lines as bytes", () => each(messages, (message) => bytesType.decode(message))),
  benchCase("JSON", () => each(jsonBodies, (body) => decode(body, "application/json"))),
  benchCase("JSON.parse alone", () =>
    each(jsonBodies, (body) => JSON.parse(new TextDecoder().decode(body)) as unknown),
  ),
]);

const encoder = new PushEncoder(kernelCodec);
const encoderPlain = new PushEncoder(plainSnappyCodec);
const encoderSnappyJs = new PushEncoder(snappyJs);
const encoderAlone = new PushEncoder(stored);
await runBench("push-encode", `${import.meta.dirname}/..`, [
  benchCase("encoder + kernel", () => requests.map((request) => encode(request, encoder, noLabels))),
  benchCase("encoder + plain codec", () => requests.map((request) => encode(request, encoderPlain, noLabels))),
  benchCase("encoder + snappyjs", () => requests.map((request) => encode(request, encoderSnappyJs, noLabels))),
  benchCase("encoder alone", () => requests.map((request) => encode(request, encoderAlone, noLabels))),
  benchCase("encoder alone, a metadata set per line", () =>
    requests.map((request) => encode(request, encoderAlone, undefined)),
  ),
]);

function makeCorpus(): readonly (readonly Line[])[] {
  const rng = seededRng(1);
  const requests: Line[][] = [];
  let request: Line[] = [];
  let total = 0;
  let inRequest = 0;
  for (let i = 0; total < corpusBytes; i++) {
    const atMs = startMs + i;
    const line = new TextEncoder().encode(logLine(rng, atMs));
    const stream = Math.floor(rng.next() * streamCount);
    request.push({
      labels: `{app="shop", namespace="default", pod="shop-${stream}"}`,
      seconds: Math.floor(atMs / 1000),
      nanos: (atMs % 1000) * 1e6 + Math.floor(rng.next() * 1e6),
      bytes: line,
      metadata: [
        { name: "pod_ip", value: `10.0.0.${stream}` },
        { name: "trace_id", value: String(i) },
      ],
    });
    total += line.length;
    inRequest += line.length;
    if (inRequest >= requestBytes) {
      requests.push(request);
      request = [];
      inRequest = 0;
    }
  }
  return request.length === 0 ? requests : [...requests, request];
}

/** @param metadata for every line; undefined leaves each line its own, all of them different. */
function encode(request: readonly Line[], encoder: PushEncoder, metadata: Labels | undefined): Uint8Array {
  for (const line of request) {
    encoder.addEntry(
      line.labels,
      line.seconds,
      line.nanos,
      line.bytes,
      0,
      line.bytes.length,
      metadata ?? line.metadata,
    );
  }
  return encoder.finish();
}

function toJson(message: Uint8Array): Uint8Array {
  const streams = readPushRequest(message, defaultPushLimits).map(({ labels, batch }) => ({
    stream: { labels },
    values: valuesOf(batch),
  }));
  return new TextEncoder().encode(JSON.stringify({ streams }));
}

function valuesOf(batch: EntryBatch): readonly (readonly unknown[])[] {
  return entriesOf(batch).map(({ timestampNs, line }, i) => {
    const metadata = metadataAt(batch, i);
    return metadata.length === 0 ? [String(timestampNs), line] : [String(timestampNs), line, metadata];
  });
}

function withByteLines(schema: protobuf.INamespace): protobuf.INamespace {
  return JSON.parse(
    JSON.stringify(schema, (name, value: unknown) => (name === "line" ? { type: "bytes", id: 2 } : value)),
  ) as protobuf.INamespace;
}
