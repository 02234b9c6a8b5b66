const encoder = new TextEncoder();
const bytesAtFirst = 16 * 1024;
/** A UTF-16 unit becomes at most so many bytes of UTF-8. */
const unitBytesMax = 3;
const zero = 0x30;

/** JSON being written as UTF-8: what lines need no text for goes in as bytes. */
export class JsonBytes {
  #bytes = new Uint8Array(bytesAtFirst);
  #length = 0;

  /** Text that is JSON already. */
  text(text: string): void {
    this.#reserve(text.length * unitBytesMax);
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written;
  }

  /** Bytes that are JSON already. */
  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** A time as nanoseconds, without quotes. */
  timestampNs(seconds: number, nanos: number): void {
    if (seconds <= 0) {
      this.text((BigInt(seconds) * 1_000_000_000n + BigInt(nanos)).toString());
      return;
    }
    this.#digits(seconds, digitsOf(seconds));
    this.#digits(nanos, 9);
  }

  /** All that was written. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #digits(value: number, count: number): void {
    this.#reserve(count);
    let rest = value;
    for (let at = this.#length + count - 1; at >= this.#length; at--) {
      const next = Math.floor(rest / 10);
      this.#bytes[at] = zero + (rest - next * 10);
      rest = next;
    }
    this.#length += count;
  }

  #reserve(count: number): void {
    const least = this.#length + count;
    if (least > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(least, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
  }
}

function digitsOf(value: number): number {
  let count = 1;
  for (let bound = 10; value >= bound; bound *= 10) {
    count += 1;
  }
  return count;
}
