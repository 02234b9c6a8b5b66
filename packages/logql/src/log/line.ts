import type { EntryBatch } from "@sluice/model";
import { decodeLine } from "./decode-line.ts";
import { LineLabels } from "./line-labels.ts";

const encoder = new TextEncoder();

/** Where a line's time is looked up when a stage asks for it: batches read their times only then. */
type LineTimes = Pick<EntryBatch, "baseNs" | "deltaNs">;

const noTimes: LineTimes = { baseNs: 0n, deltaNs: new Float64Array(1) };

/**
 * The line that a pipeline works on. One object serves all lines of a query. It has its content as bytes and as text;
 * each is made of the other only when asked for, so that a line that no stage changed keeps the bytes that it came with.
 */
export class Line {
  readonly labels = new LineLabels();
  #bytes: Uint8Array = new Uint8Array();
  #start = 0;
  #end = 0;
  #times: LineTimes = noTimes;
  #row = 0;
  #text: string | undefined;
  #isChanged = false;
  #isEncoded = true;

  /** Takes the next line, `bytes[start, end)`, whose time is that of the row; the caller resets the labels. */
  reset(bytes: Uint8Array, start: number, end: number, times: LineTimes = noTimes, row = 0): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#times = times;
    this.#row = row;
    this.#text = undefined;
    this.#isChanged = false;
    this.#isEncoded = true;
  }

  /** The line's UTF-8 is `bytes[start, end)`. */
  get bytes(): Uint8Array {
    this.#encode();
    return this.#bytes;
  }

  get start(): number {
    this.#encode();
    return this.#start;
  }

  get end(): number {
    this.#encode();
    return this.#end;
  }

  get sizeBytes(): number {
    return this.end - this.start;
  }

  /** A byte that is not UTF-8 becomes U+FFFD. */
  get text(): string {
    this.#text ??= decodeLine(this.#bytes, this.#start, this.#end);
    return this.#text;
  }

  /** Gives the line another content. */
  set text(text: string) {
    this.#text = text;
    this.#isChanged = true;
    this.#isEncoded = false;
  }

  /** Whether a stage gave the line another content than it came with. */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** Nanoseconds since the epoch. */
  get timestampNs(): bigint {
    return this.#times.baseNs + BigInt(this.#times.deltaNs[this.#row]!);
  }

  #encode(): void {
    if (!this.#isEncoded) {
      this.#bytes = encoder.encode(this.#text);
      this.#start = 0;
      this.#end = this.#bytes.length;
      this.#isEncoded = true;
    }
  }
}

/** One compiled stage: it may change the line and its labels, and says whether the line goes on. */
export type Stage = (line: Line) => boolean;
