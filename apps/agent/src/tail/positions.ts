import {
  makeDirectoryDurably,
  messageOf,
  writeFileDurably,
  type Clock,
  type FileSystem,
  type Logger,
  type OpenFile,
} from "@sluice/model";
import type { TimeRange } from "./assigned-times.ts";
import {
  decodeRecords,
  encodeRecord,
  parsePromtailPositions,
  printPromtailPositions,
  restoreTimes,
  saveTimes,
  type SavedPosition,
} from "./checkpoint.ts";
import { FilePosition } from "./file-position.ts";
import { hasHead } from "./identity.ts";

export interface PositionsOptions {
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Promtail's `positions.filename`, absolute. The checkpoint and the manifest stand beside it. */
  readonly path: string;
  readonly clientCount: number;
  /** The keys of all targets there are: a position of any other one may be taken over. */
  readonly targets: ReadonlySet<string>;
}

/** A range and the file it belongs to. */
export interface AssignedRange {
  readonly position: FilePosition;
  readonly range: TimeRange;
}

/** A file that was opened, to be told apart from all others. */
export interface FoundFile {
  readonly target: string;
  readonly path: string;
  readonly dev: string;
  readonly ino: string;
  readonly sizeBytes: number;
}

/** A file that was not seen for so long is forgotten. */
const forgetAfterMs = 24 * 3600 * 1000;

/** With a head this long a file is known again by inode alone: device numbers may change when a node starts anew. */
const tellingHeadLength = 64;

/**
 * How far every file was sent. Three files: `<path>.checkpoint` (all positions, replaced as a whole), `<path>.manifest`
 * (assigned times, appended and synced before they are sent), and `<path>` itself, a copy for Promtail. Writes happen
 * one after the other.
 */
export class Positions {
  readonly #options: PositionsOptions;
  readonly #manifest: OpenFile;
  readonly #imported: ReadonlyMap<string, number>;
  /** As loaded, by inode, and not taken up by any open file so far. */
  readonly #saved = new Map<string, SavedPosition[]>();
  /** By inode; in use, or closed a while ago. */
  readonly #live = new Map<string, FilePosition[]>();
  /** When a file was last seen at a path before this start, milliseconds since the epoch. */
  readonly #seenBefore = new Map<string, number>();
  #writing: Promise<void> = Promise.resolve();
  /** Whether a write to the manifest failed: bytes behind a torn record would not be found. */
  #manifestIsTorn = false;
  #lookedForOldMs: number;

  private constructor(
    options: PositionsOptions,
    manifest: OpenFile,
    saved: readonly SavedPosition[],
    imported: ReadonlyMap<string, number>,
  ) {
    this.#options = options;
    this.#manifest = manifest;
    this.#imported = imported;
    this.#lookedForOldMs = options.clock.nowMs();
    for (const position of saved) {
      addTo(this.#saved, position.ino, position);
      const { path, seenMs } = position;
      this.#seenBefore.set(path, Math.max(seenMs, this.#seenBefore.get(path) ?? 0));
    }
  }

  /** Loads what there is. Damage is set aside and told, never a reason not to start: then lines come twice, none is lost. */
  static async open(options: PositionsOptions): Promise<Positions> {
    const { fs, path, logger } = options;
    const directory = path.slice(0, path.lastIndexOf("/")) || "/";
    await makeDirectoryDurably(fs, directory);
    const checkpoint = await readIfThere(fs, `${path}.checkpoint`);
    const { records, goodBytes } = decodeRecords(checkpoint ?? new Uint8Array());
    const isDamaged = checkpoint !== undefined && goodBytes < checkpoint.length;
    if (isDamaged) {
      logger.error("the checkpoint of positions is damaged; its rest is set aside", {
        file: `${path}.checkpoint.bad`,
        damagedAtByte: goodBytes,
      });
      await fs.rename(`${path}.checkpoint`, `${path}.checkpoint.bad`);
    }
    const manifestBytes = (await readIfThere(fs, `${path}.manifest`)) ?? new Uint8Array();
    const assigned = decodeRecords(manifestBytes);
    const manifest = await fs.open(`${path}.manifest`, "append");
    await fs.syncDirectory(directory);
    if (assigned.goodBytes < manifestBytes.length) {
      logger.info("the manifest ends with a torn record", { file: `${path}.manifest` });
      await manifest.truncate(assigned.goodBytes);
    }
    const isFirstStart = checkpoint === undefined || isDamaged;
    const imported = isFirstStart ? await importPromtail(fs, path, logger) : new Map<string, number>();
    return new Positions(options, manifest, mergeSame([...records, ...assigned.records]), imported);
  }

  /**
   * The position of an open file: as it was saved, when it is the same file, else its beginning.
   *
   * @param fd the file, open for reading.
   */
  resume(found: FoundFile, fd: number): FilePosition {
    const { clientCount, clock } = this.#options;
    for (const live of this.#live.get(found.ino) ?? []) {
      if (live.target === found.target && live.dev === found.dev) {
        if (live.offset <= found.sizeBytes && hasHead(fd, live.head)) {
          live.seenMs = clock.nowMs();
          return live;
        }
        removeFrom(this.#live, live.ino, live);
      }
    }
    const matching = (this.#saved.get(found.ino) ?? []).filter(
      (saved) => saved.offset <= found.sizeBytes && this.#isSame(saved, found) && hasHead(fd, saved.head),
    );
    for (const saved of matching) {
      removeFrom(this.#saved, saved.ino, saved);
    }
    const furthest = matching.toSorted((a, b) => b.offset - a.offset)[0];
    const file = furthest === undefined ? found : { ...found, path: furthest.path };
    const offset = furthest?.offset ?? this.#importedOffset(found);
    const position = new FilePosition(file, offset, clientCount, clock.nowMs());
    for (const saved of matching) {
      position.head = saved.head.length > position.head.length ? saved.head : position.head;
      for (const times of saved.times) {
        position.times.restore(restoreTimes(times));
      }
    }
    addTo(this.#live, position.ino, position);
    return position;
  }

  /** The position of a file that was cut to nothing and begins anew; what is still on its way counts no more. */
  restart(position: FilePosition): FilePosition {
    const { clientCount, clock } = this.#options;
    const fresh = new FilePosition(position, 0, clientCount, clock.nowMs());
    removeFrom(this.#live, position.ino, position);
    addTo(this.#live, fresh.ino, fresh);
    return fresh;
  }

  /** When a file was last seen at `path` before this start, milliseconds since the epoch; undefined if never. */
  seenBeforeMs(path: string): number | undefined {
    return this.#seenBefore.get(path);
  }

  /** How far a file that is perhaps not open was sent; undefined for one that is not known. Marks it as seen. */
  offsetOf(found: FoundFile): number | undefined {
    for (const live of this.#live.get(found.ino) ?? []) {
      if (live.target === found.target && live.dev === found.dev) {
        live.seenMs = this.#options.clock.nowMs();
        return live.offset;
      }
    }
    return this.#saved.get(found.ino)?.find((saved) => this.#isSame(saved, found))?.offset;
  }

  /**
   * Makes assigned times survive a crash; only then may their entries be sent.
   *
   * @throws the file system's error when neither the manifest nor a whole checkpoint can be written.
   */
  async persist(assigned: readonly AssignedRange[]): Promise<void> {
    if (assigned.every(({ range }) => range.isDurable)) {
      return;
    }
    await this.#inTurn(async () => {
      const fresh = assigned.filter(({ range }) => !range.isDurable);
      const records = fresh.map(({ position, range }) =>
        encodeRecord({ ...snapshotOf(position), offset: 0, times: [saveTimes(range)] }),
      );
      if (!(await this.#appendToManifest(records.join("")))) {
        // A new checkpoint holds the same ranges, and empties the manifest.
        await this.#writeCheckpoint();
      }
      for (const { range } of fresh) {
        range.isDurable = true;
      }
    });
  }

  /** Saves all positions; afterwards the manifest is empty. */
  async save(): Promise<void> {
    await this.#inTurn(() => this.#writeCheckpoint());
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#manifest.close();
  }

  /** @returns whether the records can be found again after a crash. */
  async #appendToManifest(records: string): Promise<boolean> {
    if (this.#manifestIsTorn) {
      return false;
    }
    try {
      await this.#manifest.append([Buffer.from(records)]);
      await this.#manifest.sync();
    } catch (error) {
      this.#options.logger.warn("cannot write to the manifest; a checkpoint takes its place", {
        file: `${this.#options.path}.manifest`,
        error: messageOf(error),
      });
      this.#manifestIsTorn = true;
    }
    return !this.#manifestIsTorn;
  }

  async #writeCheckpoint(): Promise<void> {
    const { fs, path, logger } = this.#options;
    this.#forgetOld();
    const positions = [...[...this.#saved.values()].flat(), ...[...this.#live.values()].flat().map(snapshotOf)];
    await writeFileDurably(fs, `${path}.checkpoint`, Buffer.from(positions.map(encodeRecord).join("")));
    await this.#manifest.truncate(0);
    await this.#manifest.sync();
    this.#manifestIsTorn = false;
    try {
      await writeFileDurably(fs, path, Buffer.from(printPromtailPositions(positions)));
    } catch (error) {
      logger.warn("cannot write the copy of the positions for Promtail", { file: path, error: messageOf(error) });
    }
  }

  #isSame(saved: SavedPosition, found: FoundFile): boolean {
    return (
      (saved.dev === found.dev || saved.head.length >= tellingHeadLength) &&
      (saved.target === found.target || !this.#options.targets.has(saved.target))
    );
  }

  #importedOffset(found: FoundFile): number {
    const offset = this.#seenBefore.has(found.path) ? undefined : this.#imported.get(found.path);
    return offset !== undefined && offset <= found.sizeBytes ? offset : 0;
  }

  #forgetOld(): void {
    const nowMs = this.#options.clock.nowMs();
    const sinceMs = nowMs - this.#lookedForOldMs;
    this.#lookedForOldMs = nowMs;
    if (sinceMs > forgetAfterMs / 2) {
      // The machine slept, or its clock was set: files that are followed have not been seen since. They will be soon.
      return;
    }
    const oldestMs = nowMs - forgetAfterMs;
    for (const saved of [...this.#saved.values()].flat()) {
      if (saved.seenMs < oldestMs) {
        removeFrom(this.#saved, saved.ino, saved);
      }
    }
    for (const live of [...this.#live.values()].flat()) {
      if (live.isDone || live.seenMs < oldestMs) {
        removeFrom(this.#live, live.ino, live);
      }
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#writing.then(work);
    this.#writing = result.catch(() => undefined);
    return result;
  }
}

function addTo<T>(byInode: Map<string, T[]>, ino: string, item: T): void {
  byInode.set(ino, [...(byInode.get(ino) ?? []), item]);
}

function removeFrom<T>(byInode: Map<string, T[]>, ino: string, item: T): void {
  const left = (byInode.get(ino) ?? []).filter((other) => other !== item);
  if (left.length === 0) {
    byInode.delete(ino);
  } else {
    byInode.set(ino, left);
  }
}

function snapshotOf(position: FilePosition): SavedPosition {
  const { target, path, dev, ino, head, offset, seenMs } = position;
  return { target, path, dev, ino, head, offset, seenMs, times: position.times.ranges.map(saveTimes) };
}

/** Puts the records that mean the same file with the same head together, later ones behind. */
function mergeSame(records: readonly SavedPosition[]): SavedPosition[] {
  const merged = new Map<string, SavedPosition & { times: SavedPosition["times"][number][] }>();
  for (const record of records) {
    const key = JSON.stringify([record.target, record.dev, record.ino, record.head]);
    const other = merged.get(key);
    if (other === undefined) {
      merged.set(key, { ...record, times: [...record.times] });
    } else {
      other.times.push(...record.times);
    }
  }
  return [...merged.values()];
}

async function importPromtail(fs: FileSystem, path: string, logger: Logger): Promise<ReadonlyMap<string, number>> {
  const bytes = await readIfThere(fs, path);
  if (bytes === undefined) {
    return new Map();
  }
  try {
    const imported = parsePromtailPositions(Buffer.from(bytes).toString());
    logger.info("took positions over from Promtail's file", { file: path, count: imported.size });
    return imported;
  } catch (error) {
    logger.warn("cannot take positions over from Promtail's file", { file: path, error: messageOf(error) });
    return new Map();
  }
}

async function readIfThere(fs: FileSystem, path: string): Promise<Uint8Array | undefined> {
  try {
    return await fs.readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}
