/**
 * When each of many things is due, in steps of `tickMs`: one timer turns the wheel, not one timer for each. An item is
 * on the wheel at most once.
 */
export class TimerWheel<T> {
  readonly #tickMs: number;
  readonly #slots: Set<T>[];
  readonly #slotOf = new Map<T, Set<T>>();
  #tick: number;

  /** @param delayMsMax the longest delay that can be asked for. */
  constructor(tickMs: number, delayMsMax: number, nowMs: number) {
    this.#tickMs = tickMs;
    this.#slots = Array.from({ length: Math.ceil(delayMsMax / tickMs) + 2 }, () => new Set<T>());
    this.#tick = Math.floor(nowMs / tickMs);
  }

  /** Makes the item due after `delayMs`, whatever was said about it before. */
  schedule(item: T, delayMs: number): void {
    this.remove(item);
    const ticks = Math.min(Math.max(Math.ceil(delayMs / this.#tickMs), 1), this.#slots.length - 1);
    const slot = this.#slots[(this.#tick + ticks) % this.#slots.length]!;
    slot.add(item);
    this.#slotOf.set(item, slot);
  }

  remove(item: T): void {
    this.#slotOf.get(item)?.delete(item);
    this.#slotOf.delete(item);
  }

  /** How long nothing will become due, milliseconds; at most a turn of the wheel, wherever the clock was set to. */
  quietMs(nowMs: number): number {
    const { length } = this.#slots;
    let ticks = 1;
    while (ticks < length && this.#slots[(this.#tick + ticks) % length]!.size === 0) {
      ticks += 1;
    }
    return Math.min(Math.max((this.#tick + ticks) * this.#tickMs - nowMs, 0), length * this.#tickMs);
  }

  /** Turns the wheel to `nowMs` and takes what has become due. A clock that was set back turns nothing. */
  take(nowMs: number): readonly T[] {
    const target = Math.floor(nowMs / this.#tickMs);
    const due: T[] = [];
    // After a long pause each slot is visited once.
    const steps = Math.min(target - this.#tick, this.#slots.length);
    for (let step = 1; step <= steps; step++) {
      const slot = this.#slots[(this.#tick + step) % this.#slots.length]!;
      due.push(...slot);
      slot.clear();
    }
    this.#tick = target;
    for (const item of due) {
      this.#slotOf.delete(item);
    }
    return due;
  }
}
