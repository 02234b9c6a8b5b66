import { expect } from "vitest";
import { pause } from "./local.ts";
import { queryInstant, queryLines } from "./loki-client.ts";

/** Numbered lines in several streams, and the memory of which were acknowledged. */
export interface Canary {
  /** Lines that were acknowledged, over all streams. */
  readonly acknowledged: () => number;
  /** Lines of which it is not known whether they arrived: their pushes were not answered yet. */
  readonly underWay: () => number;
  /** How often each status was the answer; 0 stands for no answer. */
  readonly answers: ReadonlyMap<number, number>;
  /** Ends when every push that was begun is acknowledged. */
  stop(): Promise<void>;
}

export interface CanaryOptions {
  /** Base URL of the server at the moment. */
  readonly url: () => string;
  readonly streamCount: number;
  readonly linesPerSecond: number;
  /** Text that each line has behind its number. */
  readonly padding?: string;
}

const batchesPerSecond = 8;
const answerMsMax = 10_000;

/**
 * Starts pushing, each stream its lines in order, each push again until it is acknowledged: as agents do, and the same
 * lines with the same times.
 */
export function startCanary(options: CanaryOptions): Canary {
  const { url, streamCount, linesPerSecond, padding = "" } = options;
  const linesPerBatch = Math.ceil(linesPerSecond / streamCount / batchesPerSecond);
  const answers = new Map<number, number>();
  let isRunning = true;
  let acknowledged = 0;
  let underWay = 0;

  const runStream = async (stream: number): Promise<void> => {
    await pause((stream / streamCount / batchesPerSecond) * 1000);
    for (let next = 0; isRunning; next += linesPerBatch) {
      const startMs = Date.now();
      const baseNs = BigInt(startMs) * 1_000_000n;
      const values = Array.from({ length: linesPerBatch }, (_, i) => [
        String(baseNs + BigInt(i)),
        `seq=${next + i} ${padding}`,
      ]);
      const body = JSON.stringify({ streams: [{ stream: { canary: String(stream) }, values }] });
      underWay += linesPerBatch;
      for (;;) {
        const status = await push(url(), body);
        answers.set(status, (answers.get(status) ?? 0) + 1);
        if (status === 204) {
          break;
        }
        await pause(50);
      }
      underWay -= linesPerBatch;
      acknowledged += linesPerBatch;
      await pause(Math.max(0, startMs + 1000 / batchesPerSecond - Date.now()));
    }
  };
  const streams = Promise.all(Array.from({ length: streamCount }, (_, stream) => runStream(stream)));
  return {
    acknowledged: () => acknowledged,
    underWay: () => underWay,
    answers,
    async stop() {
      isRunning = false;
      await streams;
    },
  };
}

const countQuery = 'sum(count_over_time({canary=~".+"}[2h]))';

/** All that was acknowledged before the question is counted, and nothing twice: there is no more than was sent. */
export async function expectCounted(canary: Canary, url: string): Promise<void> {
  const least = canary.acknowledged();
  const [counted] = await queryInstant(url, countQuery);
  const most = canary.acknowledged() + canary.underWay();
  const count = counted?.value ?? 0;
  expect(count, "lines counted, of those acknowledged").toBeGreaterThanOrEqual(least);
  expect(count, "lines counted, of those sent").toBeLessThanOrEqual(most);
}

/** Once the canary has stopped: every stream's lines are there, each once, in order, and counted right. */
export async function expectAllOnce(canary: Canary, url: string, streamCount: number): Promise<void> {
  let total = 0;
  for (let stream = 0; stream < streamCount; stream++) {
    const lines = await queryLines(url, `{canary="${stream}"}`);
    const numbers = lines.map(({ line }) => Number(/^seq=(\d+) /u.exec(line)?.[1]));
    const wrong = numbers.findIndex((number, i) => number !== i);
    expect(wrong, `stream ${stream}: line ${wrong} has number ${numbers[wrong]}`).toBe(-1);
    total += numbers.length;
  }
  expect(total, "lines found, of those acknowledged").toBe(canary.acknowledged());
  const [counted] = await queryInstant(url, countQuery);
  expect(counted?.value).toBe(total);
}

async function push(url: string, body: string): Promise<number> {
  try {
    const response = await fetch(`${url}/loki/api/v1/push`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
      signal: AbortSignal.timeout(answerMsMax),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}
