import type { Readable } from "node:stream";
import { messageOf } from "@sluice/model";
import { type ByteRange, resolveRange } from "../object-store.ts";
import type { Attempt } from "./attempts.ts";
import { brokenAnswer } from "./failure.ts";

/** The parts of a GetObject answer that say what its body is. */
export interface BodyAnswer {
  readonly Body?: unknown;
  readonly ContentLength?: number | undefined;
  readonly ContentRange?: string | undefined;
}

/**
 * Reads the body of an answer, and does not trust it: it must be as long as the answer says, and the range that was
 * asked for.
 *
 * @returns the object, or the part of it that lies in `range`; the caller's own.
 * @throws {S3Failure} for an answer that cannot be right; `ServiceError` `bad_data` for a range past the end.
 */
export async function readBody(
  answer: BodyAnswer,
  key: string,
  range: ByteRange | undefined,
  attempt: Attempt,
): Promise<Uint8Array> {
  const body = answer.Body as Readable;
  const stop = (): void => void body.destroy();
  attempt.signal.addEventListener("abort", stop);
  try {
    attempt.expectBytes(answer.ContentLength ?? 0);
    const bytes = await collect(body, answer.ContentLength);
    return range === undefined ? bytes : inRange(bytes, answer.ContentRange, key, range);
  } finally {
    attempt.signal.removeEventListener("abort", stop);
    body.destroy();
  }
}

async function collect(body: Readable, length: number | undefined): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let received = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      received += chunk.length;
    }
  } catch (error) {
    // Of the network, or the SDK's word that a checksum does not fit.
    throw brokenAnswer(messageOf(error));
  }
  if (length !== undefined && received !== length) {
    throw brokenAnswer(`the answer ends after ${received} of ${length} bytes`);
  }
  // Not Buffer.concat, whose small results share memory with other people's.
  const bytes = new Uint8Array(received);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function inRange(bytes: Uint8Array, contentRange: string | undefined, key: string, range: ByteRange): Uint8Array {
  if (contentRange === undefined) {
    // A server that knows no ranges sends the whole, as HTTP lets it.
    const { start, end } = resolveRange(key, range, bytes.length);
    return bytes.slice(start, end);
  }
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/u.exec(contentRange);
  const [first, last, size] = (match ?? []).slice(1).map(Number);
  const { start, end } = resolveRange(key, range, size ?? Number.MAX_SAFE_INTEGER);
  if (first !== start || last !== end - 1 || bytes.length !== end - start) {
    throw brokenAnswer(`asked for bytes ${start}-${end - 1}, it sent "${contentRange}" and ${bytes.length} bytes`);
  }
  return bytes;
}
