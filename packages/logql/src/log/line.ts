import { LineLabels } from "./line-labels.ts";

// A byte order mark inside a log is text like any other.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The line that a pipeline works on. One object serves all lines of a query; its text is made only when asked for. */
export class Line {
  readonly labels = new LineLabels();
  /** The line's UTF-8 is `bytes[start, end)`. */
  bytes: Uint8Array = new Uint8Array();
  start = 0;
  end = 0;
  #text: string | undefined;

  /** Takes the next line; the caller resets the labels. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.#text = undefined;
  }

  /** Invalid UTF-8 becomes U+FFFD. */
  get text(): string {
    this.#text ??= decoder.decode(this.bytes.subarray(this.start, this.end));
    return this.#text;
  }

  get sizeBytes(): number {
    return this.end - this.start;
  }
}

/** One compiled stage: it may change the line's labels, and says whether the line goes on. */
export type Stage = (line: Line) => boolean;
