import { statSync } from "node:fs";
import { messageOf, type Clock, type Logger } from "@sluice/model";
import { watch, type FSWatcher } from "chokidar";
import { walkGlob, watchRoots } from "./glob.ts";
import type { Target } from "./target.ts";

export interface DiscoveryOptions {
  readonly targets: readonly Target[];
  /** All globs are walked again this often, whatever was noticed in between. */
  readonly syncPeriodMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with all files of a target after each walk. */
  readonly onFound: (target: Target, paths: readonly string[]) => void;
}

interface TargetState {
  readonly target: Target;
  /** The directories of the last walk and when their names last changed. */
  directories: Map<string, number>;
  walkAtMs: number;
  /** After a new directory one more walk comes at this time: the file may come after its directory. */
  againAtMs: number;
  /** Whether it was told that files match and none is of the right kind. */
  hasToldNone: boolean;
}

/** New names in known directories are noticed this fast without a watcher, by one stat of each directory. */
const checkEveryMs = 1000;
/** A new pod's directories come one by one. */
const settleMs = 50;
const againMs = 500;

/**
 * Finds files. Three ways, from fast to sure: chokidar on the directories above those that hold log files (a new pod is
 * a new directory; on a directory of log files each written line would be an event), a look at the directories' times
 * every second, and a walk of all globs every sync period.
 */
export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #states: readonly TargetState[];
  readonly #watched = new Map<string, FSWatcher>();
  #wake: () => void = () => {};

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#states = options.targets.map((target) => ({
      target,
      directories: new Map(),
      walkAtMs: 0,
      againAtMs: 0,
      hasToldNone: false,
    }));
  }

  /** Walks all globs at once, so that the caller knows what there is at start. */
  start(): void {
    for (const state of this.#states) {
      this.#walk(state);
    }
  }

  /** Goes on finding until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, syncPeriodMs } = this.#options;
    let checkAtMs = clock.nowMs() + checkEveryMs;
    while (!signal.aborted) {
      this.#watchNew();
      const nextMs = Math.min(checkAtMs, ...this.#states.map(({ walkAtMs }) => walkAtMs));
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await clock.sleep(Math.max(nextMs - clock.nowMs(), 10), AbortSignal.any([signal, woken.signal]));
      if (signal.aborted) {
        break;
      }
      const nowMs = clock.nowMs();
      const isCheck = nowMs >= checkAtMs || checkAtMs - nowMs > checkEveryMs;
      if (isCheck) {
        checkAtMs = nowMs + checkEveryMs;
      }
      for (const state of this.#states) {
        const wasSetBack = state.walkAtMs - nowMs > syncPeriodMs;
        if (nowMs >= state.walkAtMs || wasSetBack || (isCheck && hasChanged(state.directories))) {
          this.#walk(state);
        }
      }
    }
    await Promise.all([...this.#watched.values()].map((watcher) => watcher.close()));
  }

  #walk(state: TargetState): void {
    const { clock, syncPeriodMs, logger, onFound } = this.#options;
    const { target } = state;
    const nowMs = clock.nowMs();
    state.walkAtMs = state.againAtMs > nowMs ? state.againAtMs : nowMs + syncPeriodMs;
    const before = state.directories;
    const { files, directories } = walkGlob(target.glob);
    // A time from before the walk: a name that comes during it is found by the next check.
    state.directories = new Map(directories.map((directory) => [directory, before.get(directory) ?? -1]));
    hasChanged(state.directories);
    const accepted = files.filter(target.accepts);
    if (files.length > 0 && accepted.length === 0 && !state.hasToldNone) {
      state.hasToldNone = true;
      logger.warn("files match the pattern, but all are excluded or no path of a kubelet's", {
        job: target.job,
        pattern: target.pattern,
        example: files[0],
      });
    }
    onFound(target, accepted);
  }

  /** Watches what is there by now and not watched yet. */
  #watchNew(): void {
    for (const state of this.#states) {
      for (const { directory, levels } of watchRoots(state.target.glob)) {
        // Without wildcard directories nothing but the directory of the log files is left; with `**` any may be one.
        if (levels === undefined || levels === 0 || this.#watched.has(`${directory} ${levels}`)) {
          continue;
        }
        if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) {
          this.#watched.set(`${directory} ${levels}`, this.#watch(state, directory, levels - 1));
        }
      }
    }
  }

  #watch(state: TargetState, directory: string, depth: number): FSWatcher {
    const { logger, clock } = this.#options;
    const watcher = watch(directory, {
      depth,
      atomic: false,
      followSymlinks: false,
      ignoreInitial: true,
      ignored: (_path, stats) => stats?.isFile() === true,
    });
    const soon = (): void => {
      const nowMs = clock.nowMs();
      state.walkAtMs = Math.min(state.walkAtMs, nowMs + settleMs);
      state.againAtMs = nowMs + againMs;
      this.#wake();
    };
    watcher.on("addDir", soon);
    watcher.on("error", (error) => {
      logger.warn("cannot watch a directory; new files are found by looking", { directory, error: messageOf(error) });
    });
    return watcher;
  }
}

/** Whether names came or went in one of the directories; remembers the times for the next call. */
function hasChanged(directories: Map<string, number>): boolean {
  let changed = false;
  for (const [directory, before] of directories) {
    const mtimeMs = statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? -1;
    if (mtimeMs !== before) {
      directories.set(directory, mtimeMs);
      changed = true;
    }
  }
  return changed;
}
