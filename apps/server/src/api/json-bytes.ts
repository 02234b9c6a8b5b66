import { nsOfInstant } from "@sluice/model";

const encoder = new TextEncoder();
const bytesAtFirst = 16 * 1024;
/** A UTF-16 unit becomes at most so many bytes of UTF-8. */
const unitBytesMax = 3;
/** The largest number of seconds has 17 digits, its nanoseconds 9, a sign, and there are seven marks. */
const aroundLineBytesMax = 40;
const quote = 0x22;
const comma = 0x2c;
const zero = 0x30;
const openBracket = 0x5b;

/** JSON being written as UTF-8: what lines need no text for goes in as bytes. */
export class JsonBytes {
  #bytes = new Uint8Array(bytesAtFirst);
  #length = 0;
  /** Those of the line before, for most lines have the same. */
  #seconds = 0;
  #secondsText = new Uint8Array(0);

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

  /**
   * A line of a stream: `["<nanoseconds>","<bytes[start, end)>"`, with a comma before it unless it is the first. The bracket
   * is left open.
   */
  line(isFirst: boolean, seconds: number, nanos: number, bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start + aroundLineBytesMax);
    const out = this.#bytes;
    let at = this.#length;
    if (!isFirst) {
      out[at++] = comma;
    }
    out[at++] = openBracket;
    out[at++] = quote;
    if (seconds > 0) {
      if (seconds !== this.#seconds) {
        this.#seconds = seconds;
        this.#secondsText = encoder.encode(String(seconds));
      }
      const text = this.#secondsText;
      for (let i = 0; i < text.length; i++) {
        out[at++] = text[i]!;
      }
      writeNineDigits(out, at, nanos);
      at += 9;
    } else {
      const text = nsOfInstant(seconds, nanos).toString();
      at += encoder.encodeInto(text, out.subarray(at)).written;
    }
    out[at++] = quote;
    out[at++] = comma;
    out[at++] = quote;
    out.set(bytes.subarray(start, end), at);
    at += end - start;
    out[at++] = quote;
    this.#length = at;
  }

  /** Makes room at once for so many bytes more, about: to grow again and again copies what is there each time. */
  expect(count: number): void {
    this.#reserve(count);
  }

  /** All that was written. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
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

/** In thirds: whole numbers of 31 bits are divided fast. */
function writeNineDigits(out: Uint8Array, at: number, value: number): void {
  const thousands = (value / 1000) | 0;
  const millions = (thousands / 1000) | 0;
  writeThreeDigits(out, at, millions);
  writeThreeDigits(out, at + 3, thousands - millions * 1000);
  writeThreeDigits(out, at + 6, value - thousands * 1000);
}

function writeThreeDigits(out: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0;
  const hundreds = (tens / 10) | 0;
  out[at] = zero + hundreds;
  out[at + 1] = zero + (tens - hundreds * 10);
  out[at + 2] = zero + (value - tens * 10);
}
