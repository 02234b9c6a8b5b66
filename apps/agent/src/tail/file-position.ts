import { AssignedTimes } from "./assigned-times.ts";
import { noHead, type FileHead } from "./identity.ts";

/**
 * How far one file was sent, and what it takes to send the rest again exactly as before. The file's reader and the
 * lanes that send hold on to it; `Positions` saves it.
 */
export class FilePosition {
  readonly target: string;
  /** Where the file was found first: its `filename` label stays this, also after a rotation. */
  readonly path: string;
  readonly dev: string;
  readonly ino: string;
  head: FileHead = noHead;
  readonly times = new AssignedTimes();
  /** Milliseconds since the epoch; when the file was last seen. */
  seenMs: number;
  /** Set when no name is left for the file and all of it was read: its end. */
  endOffset: number | undefined;
  /** Per client: all before this offset was acknowledged, or its loss was counted. */
  readonly #acknowledged: Float64Array;

  constructor(
    file: { readonly target: string; readonly path: string; readonly dev: string; readonly ino: string },
    offset: number,
    clientCount: number,
    nowMs: number,
  ) {
    this.target = file.target;
    this.path = file.path;
    this.dev = file.dev;
    this.ino = file.ino;
    this.seenMs = nowMs;
    this.#acknowledged = new Float64Array(clientCount).fill(offset);
  }

  /** All before this offset is settled with every client: where reading starts after a crash. */
  get offset(): number {
    return Math.min(...this.#acknowledged);
  }

  acknowledge(client: number, offset: number): void {
    if (offset > this.#acknowledged[client]!) {
      this.#acknowledged[client] = offset;
      this.times.forgetBefore(this.offset);
    }
  }

  /** Whether the file is gone and nothing of it is left to send. */
  get isDone(): boolean {
    return this.endOffset !== undefined && this.offset >= this.endOffset;
  }
}
