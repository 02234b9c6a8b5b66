import { messageOf, type Clock, type Counter, type Logger } from "@sluice/model";
import type { Target } from "../discovery/target.ts";
import { FollowedPath, type FollowOptions } from "./followed-path.ts";
import { DirectoryNames } from "./rotated-files.ts";
import { TimerWheel } from "./timer-wheel.ts";

export interface TailerOptions extends FollowOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether more may be read: false while too much is on its way to the servers. */
  readonly hasRoom: () => boolean;
  /** By reason, as Promtail names it. */
  readonly failedTargets: Counter;
}

/** A file at its end is looked at again after 50 ms, then ever more seldom while nothing comes. */
const delayMsMin = 50;
const delayMsMax = 1000;
const checkEveryMs = 1000;
/** While the servers take nothing. */
const blockedDelayMs = 200;
/** After so long the loop lets everything else run. */
const sliceMs = 10;
/** How many failing paths are remembered, so that each is told once. */
const failingMax = 10_000;

interface Schedule {
  readonly followed: FollowedPath;
  delayMs: number;
  checkedMs: number;
}

/** Follows all files: one loop that gives every path its turn of at most one buffer, round after round. */
export class Tailer {
  readonly #options: TailerOptions;
  readonly #wheel: TimerWheel<Schedule>;
  /** By target, then by path. */
  readonly #paths = new Map<Target, Map<string, Schedule>>();
  readonly #open = new Map<Target, Set<string>>();
  readonly #failing = new Set<string>();
  #ready: Schedule[] = [];
  #wake: () => void = () => {};

  constructor(options: TailerOptions) {
    this.#options = options;
    this.#wheel = new TimerWheel(delayMsMin, delayMsMax, options.clock.nowMs());
  }

  /** All paths that are followed now. */
  paths(): readonly FollowedPath[] {
    return [...this.#paths.values()].flatMap((byPath) => [...byPath.values()].map(({ followed }) => followed));
  }

  /**
   * Follows what discovery has found for a target; paths that are followed already go on. Paths that are not found any
   * more end by themselves when they are read.
   */
  follow(target: Target, paths: readonly string[]): void {
    const nowMs = this.#options.clock.nowMs();
    const names = new DirectoryNames();
    const byPath = this.#paths.get(target) ?? new Map<string, Schedule>();
    const open = this.#open.get(target) ?? new Set<string>();
    this.#paths.set(target, byPath);
    this.#open.set(target, open);
    for (const path of paths) {
      const known = byPath.get(path);
      if (known !== undefined) {
        this.#attempt(known.followed, () => known.followed.openRotated(nowMs, names));
        continue;
      }
      const followed = new FollowedPath(target, path, open, this.#options);
      this.#attempt(followed, () => followed.open(nowMs, names));
      if (!followed.isFinished) {
        const schedule = { followed, delayMs: delayMsMin, checkedMs: nowMs };
        byPath.set(path, schedule);
        this.#ready.push(schedule);
      }
    }
    this.#wake();
  }

  /** Reads until the signal aborts; then nothing of a turn is left undone. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      this.#ready.push(...this.#wheel.take(clock.nowMs()));
      const round = this.#ready;
      this.#ready = [];
      let sliceEnd = performance.now() + sliceMs;
      for (const schedule of round) {
        if (signal.aborted) {
          return;
        }
        this.#turn(schedule);
        if (performance.now() > sliceEnd) {
          await new Promise((resolve) => setImmediate(resolve));
          sliceEnd = performance.now() + sliceMs;
        }
      }
      if (this.#ready.length === 0) {
        await this.#rest(signal);
      }
    }
  }

  /** Sleeps until a file is due or a new one is found: a process without work should not wake up. */
  async #rest(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await clock.sleep(this.#wheel.quietMs(clock.nowMs()), AbortSignal.any([signal, woken.signal]));
  }

  close(): void {
    for (const followed of this.paths()) {
      followed.close();
    }
    this.#paths.clear();
  }

  #turn(schedule: Schedule): void {
    const { followed } = schedule;
    const nowMs = this.#options.clock.nowMs();
    let bytes = 0;
    const isWell = this.#attempt(followed, () => {
      // Either way: the clock may have been set back.
      if (Math.abs(nowMs - schedule.checkedMs) >= checkEveryMs) {
        schedule.checkedMs = nowMs;
        followed.check(nowMs);
      }
      bytes = this.#options.hasRoom() ? followed.read(nowMs) : -1;
    });
    if (!isWell || followed.isFinished) {
      // What cannot be read is let go of; the next rescan tries again.
      followed.close();
      this.#paths.get(followed.target)?.delete(followed.path);
    } else if (bytes > 0) {
      schedule.delayMs = delayMsMin;
      this.#ready.push(schedule);
    } else {
      this.#wheel.schedule(schedule, bytes === 0 ? schedule.delayMs : blockedDelayMs);
      schedule.delayMs = Math.min(schedule.delayMs * 2, delayMsMax);
    }
  }

  #attempt(followed: FollowedPath, work: () => void): boolean {
    const { logger, failedTargets } = this.#options;
    const { path } = followed;
    try {
      work();
      this.#failing.delete(path);
      return true;
    } catch (error) {
      if (!this.#failing.has(path)) {
        if (this.#failing.size >= failingMax) {
          this.#failing.clear();
        }
        this.#failing.add(path);
        failedTargets.add(1, { reason: "error" });
        logger.warn("cannot read a file; it is tried again", { path, error: messageOf(error) });
      }
      return false;
    }
  }
}
