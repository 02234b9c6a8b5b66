import { hash } from "node:crypto";
import { TokenBucket } from "./token-bucket.ts";

/** A stream without lines for this long is not active any more. */
export const streamIdleMs = 600_000;
/** Of longer texts the digest is kept: labels may be 45 KB, and rates do not count them. */
const keyLengthMax = 400;

interface ActiveStream {
  readonly bucket: TokenBucket;
  lastSeenMs: number;
}

/** The streams of one tenant that got lines lately: how many there are, and how much each may still take. */
export class ActiveStreams {
  readonly #streams = new Map<string, ActiveStream>();

  get count(): number {
    return this.#streams.size;
  }

  /**
   * The bucket of a stream, which is active from now on.
   *
   * @param text canonical labels.
   * @param countMax streams there may be.
   * @param followedMax streams that memory is spent on: one beyond gets a new bucket each time.
   * @returns undefined when it is new and there are as many as there may be.
   */
  bucketOf(text: string, countMax: number, followedMax: number, nowMs: number): TokenBucket | undefined {
    const key = text.length > keyLengthMax ? hash("sha256", text, "base64url") : text;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      if (this.#streams.size >= countMax) {
        return undefined;
      }
      stream = { bucket: new TokenBucket(), lastSeenMs: nowMs };
      if (this.#streams.size < followedMax) {
        this.#streams.set(key, stream);
      }
    }
    stream.lastSeenMs = nowMs;
    return stream.bucket;
  }

  forgetIdle(nowMs: number): void {
    for (const [text, { lastSeenMs }] of this.#streams) {
      if (nowMs - lastSeenMs > streamIdleMs) {
        this.#streams.delete(text);
      }
    }
  }
}
