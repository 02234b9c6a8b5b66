import type { LabelRecord } from "@sluice/api";
import { isPlain } from "./display-text.ts";
import { levelOfLabels, levelOfText, type Level } from "./level.ts";
import { nsOf, type LogLine } from "./log-line.ts";

/** What {@link LogStore.append} did. */
export interface AppendResult {
  readonly added: number;
  /** Lines that left at the front to make room. */
  readonly evicted: number;
}

/** Bits of a line's flags. */
const plainFlag = 1;
const noteFlag = 2;

/**
 * Lines in columns: they are added at the end, and the oldest-added leave at the front when there are more than
 * `linesMax`. A line's id never changes and is never given twice; its index moves when others leave.
 */
export class LogStore {
  readonly linesMax: number;
  #capacity = 1024;
  #seconds = new Float64Array(this.#capacity);
  #nanos = new Uint32Array(this.#capacity);
  #levels = new Uint8Array(this.#capacity);
  #flags = new Uint8Array(this.#capacity);
  #lines: string[] = [];
  #labels: LabelRecord[] = [];
  #metadata: (LabelRecord | undefined)[] = [];
  #parsed: (LabelRecord | undefined)[] = [];
  #first = 0;
  #end = 0;
  #firstId = 0;
  #noteCount = 0;
  readonly #interned = new Map<string, LabelRecord>();

  constructor(linesMax: number) {
    this.linesMax = linesMax;
  }

  /** Rows in the store: lines and notes. */
  get count(): number {
    return this.#end - this.#first;
  }

  /** Lines in the store, without notes. */
  get lineCount(): number {
    return this.count - this.#noteCount;
  }

  get firstId(): number {
    return this.#firstId;
  }

  append(lines: readonly LogLine[]): AppendResult {
    const kept = lines.length > this.linesMax ? lines.slice(lines.length - this.linesMax) : lines;
    const evicted = Math.max(0, this.count + kept.length - this.linesMax);
    this.#evict(evicted);
    this.#reserve(kept.length);
    for (const line of kept) {
      this.#put(line);
    }
    return { added: kept.length, evicted };
  }

  clear(): void {
    this.#evict(this.count);
  }

  idAt(index: number): number {
    return this.#firstId + index;
  }

  /** The place of a line, or -1 when it has left. */
  indexOf(id: number): number {
    const index = id - this.#firstId;
    return index >= 0 && index < this.count ? index : -1;
  }

  lineAt(index: number): string {
    return this.#lines[this.#first + index]!;
  }

  levelAt(index: number): Level {
    return this.#levels[this.#first + index] as Level;
  }

  secondsAt(index: number): number {
    return this.#seconds[this.#first + index]!;
  }

  nanosAt(index: number): number {
    return this.#nanos[this.#first + index]!;
  }

  nsAt(index: number): bigint {
    return nsOf({ seconds: this.secondsAt(index), nanos: this.nanosAt(index) });
  }

  labelsAt(index: number): LabelRecord {
    return this.#labels[this.#first + index]!;
  }

  /** Whether the line is short printable ASCII, see {@link isPlain}. */
  isPlainAt(index: number): boolean {
    return (this.#flags[this.#first + index]! & plainFlag) !== 0;
  }

  isNoteAt(index: number): boolean {
    return (this.#flags[this.#first + index]! & noteFlag) !== 0;
  }

  entryAt(index: number): LogLine {
    const row = this.#first + index;
    return {
      seconds: this.#seconds[row]!,
      nanos: this.#nanos[row]!,
      line: this.#lines[row]!,
      labels: this.#labels[row]!,
      metadata: this.#metadata[row],
      parsed: this.#parsed[row],
    };
  }

  /** The nearest row above (`-1`) or below (`1`) a row whose level is at least so bad; -1 when there is none. */
  findLevel(level: Level, from: number, direction: 1 | -1): number {
    for (let i = from + direction; i >= 0 && i < this.count; i += direction) {
      if (this.levelAt(i) >= level) {
        return i;
      }
    }
    return -1;
  }

  /** How many sets {@link labelSets} has. */
  get labelSetCount(): number {
    return this.#interned.size;
  }

  /** The distinct label sets seen lately; equal sets are one object. */
  labelSets(): readonly LabelRecord[] {
    return [...this.#interned.values()];
  }

  #put({ seconds, nanos, line, labels, metadata, parsed, note = false }: LogLine): void {
    const row = this.#end;
    this.#seconds[row] = seconds;
    this.#nanos[row] = nanos;
    this.#levels[row] = note ? 0 : levelOf(line, labels, metadata, parsed);
    this.#flags[row] = (isPlain(line) ? plainFlag : 0) | (note ? noteFlag : 0);
    this.#lines[row] = line;
    this.#labels[row] = note ? labels : this.#intern(labels);
    this.#metadata[row] = metadata;
    this.#parsed[row] = parsed;
    this.#end += 1;
    this.#noteCount += note ? 1 : 0;
  }

  /** Tail frames carry a new object per stream and frame; a store keeps one of each. */
  #intern(labels: LabelRecord): LabelRecord {
    const key = JSON.stringify(labels);
    const known = this.#interned.get(key);
    if (known !== undefined) {
      return known;
    }
    if (this.#interned.size >= labelSetsMax) {
      this.#interned.clear();
    }
    this.#interned.set(key, labels);
    return labels;
  }

  #evict(count: number): void {
    const end = this.#first + count;
    for (let row = this.#first; row < end; row++) {
      this.#noteCount -= (this.#flags[row]! & noteFlag) === 0 ? 0 : 1;
      this.#lines[row] = "";
      this.#metadata[row] = undefined;
      this.#parsed[row] = undefined;
    }
    this.#first = end;
    this.#firstId += count;
  }

  /** Moves the rows to the front when half of the room is evicted, else doubles the room. */
  #reserve(count: number): void {
    if (this.#end + count <= this.#capacity) {
      return;
    }
    const kept = this.count;
    while (this.#capacity < 2 * kept || this.#capacity < kept + count) {
      this.#capacity *= 2;
    }
    this.#seconds = moved(this.#seconds, new Float64Array(this.#capacity), this.#first, this.#end);
    this.#nanos = moved(this.#nanos, new Uint32Array(this.#capacity), this.#first, this.#end);
    this.#levels = moved(this.#levels, new Uint8Array(this.#capacity), this.#first, this.#end);
    this.#flags = moved(this.#flags, new Uint8Array(this.#capacity), this.#first, this.#end);
    this.#lines = this.#lines.slice(this.#first, this.#end);
    this.#labels = this.#labels.slice(this.#first, this.#end);
    this.#metadata = this.#metadata.slice(this.#first, this.#end);
    this.#parsed = this.#parsed.slice(this.#first, this.#end);
    this.#first = 0;
    this.#end = kept;
  }
}

/** Label sets remembered for interning and for {@link LogStore.labelSets}. */
const labelSetsMax = 5000;

function moved<T extends Float64Array | Uint32Array | Uint8Array>(from: T, to: T, start: number, end: number): T {
  to.set(from.subarray(start, end));
  return to;
}

function levelOf(
  line: string,
  labels: LabelRecord,
  metadata: LabelRecord | undefined,
  parsed: LabelRecord | undefined,
): Level {
  return (
    (metadata === undefined ? 0 : levelOfLabels(metadata)) ||
    (parsed === undefined ? 0 : levelOfLabels(parsed)) ||
    levelOfLabels(labels) ||
    levelOfText(line)
  );
}
