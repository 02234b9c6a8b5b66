import { createKernels } from "@sluice/kernels";
import { createSnappyCodec, PushEncoder } from "@sluice/push";
import { logLineIn, seededRng, type LogFormat } from "@sluice/testkit";

export interface CorpusOptions {
  readonly streamCount: number;
  /** Bytes of all lines, about. */
  readonly rawBytes: number;
  /** The lines' times are spread over the hours before this. */
  readonly endMs: number;
  readonly hours: number;
  /** Which of so many connections: each has streams of its own, as each node of a cluster has. */
  readonly connection: number;
  readonly connections: number;
}

/** One push as an agent sends it: lines of several streams, protobuf and snappy. */
export interface CorpusPush {
  readonly body: Uint8Array;
  readonly rawBytes: number;
  readonly lines: number;
}

/** Bytes of lines in one push, about: what an agent's batch holds by default. */
const pushRawBytes = 1024 * 1024;
const streamsPerPush = 20;
const formats: readonly LogFormat[] = [
  "json",
  "json",
  "json",
  "json",
  "json",
  "logfmt",
  "access",
  "access",
  "plain",
  "logfmt",
];
const bytesPerLine = 230;

/** An id that is in {@link plantedLines} lines, and one that is in none; both look like all the others. */
export const plantedId = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
export const absentId = "0b5e1f3a-93c4-4d2e-8a6f-2c9d7e4b1a05";
export const plantedLines = 50;
/** A part of a word, so that no filter can tell that it is nowhere. */
export const absentText = "quetzalc";

/** The labels of one stream, as text: 20 apps with as many pods as it takes. */
export function labelsOf(stream: number): string {
  return `{app="app-${stream % 20}", namespace="team-${stream % 7}", pod="app-${stream % 20}-${Math.floor(stream / 20)}"}`;
}

/**
 * The pushes that one connection sends, in order of time: every stream in a format of its own, a random id in nearly
 * every line, so that it is harder to compress than most clusters' logs. The same options give the same bytes.
 */
export function* makeCorpus(options: CorpusOptions): Generator<CorpusPush> {
  const { streamCount, rawBytes, endMs, hours, connection, connections } = options;
  const rng = seededRng(42 + connection);
  const encoder = new PushEncoder(createSnappyCodec(createKernels()));
  const text = new TextEncoder();
  const startMs = endMs - hours * 3_600_000;
  const pushCount = Math.max(1, Math.round(rawBytes / pushRawBytes / connections));
  const pushMs = (endMs - startMs) / pushCount;
  const linesPerStream = Math.max(1, Math.round(pushRawBytes / bytesPerLine / streamsPerPush));
  const plantedEvery = Math.max(1, Math.floor(pushCount / plantedLines));
  let planted = connection === 0 ? 0 : plantedLines;
  let turn = 0;
  for (let push = 0; push < pushCount; push++) {
    let bytes = 0;
    let lines = 0;
    while (bytes < pushRawBytes) {
      const stream = (connection + connections * turn++) % streamCount;
      const labels = labelsOf(stream);
      const format = formats[Math.floor(stream / connections) % formats.length]!;
      for (let i = 0; i < linesPerStream; i++) {
        const atMs = startMs + push * pushMs + ((i + rng.next()) / linesPerStream) * pushMs;
        const isPlanted = i === 0 && planted < plantedLines && push >= planted * plantedEvery;
        planted += isPlanted ? 1 : 0;
        const line = logLineIn(format, rng, atMs) + (isPlanted ? ` order=${plantedId}` : "");
        const encoded = text.encode(line);
        bytes += encoded.length;
        lines += 1;
        encoder.addEntry(labels, Math.floor(atMs / 1000), Math.floor((atMs % 1000) * 1e6), encoded, 0, encoded.length);
      }
    }
    yield { body: encoder.finish(), rawBytes: bytes, lines };
  }
}
