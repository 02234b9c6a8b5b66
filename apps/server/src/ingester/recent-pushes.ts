import type { Clock } from "@sluice/model";

export interface RecentPushesOptions {
  readonly clock: Clock;
  /** How long a push is remembered, milliseconds. */
  readonly periodMs: number;
  /** How many pushes are remembered at most, over all tenants. */
  readonly countMax: number;
}

interface Known {
  readonly atMs: number;
  /** Settles when it is known whether the push was stored. */
  readonly stored: Promise<void>;
}

/**
 * The pushes of the last minutes by their content. A client whose answer got lost sends the same bytes again: they are
 * answered like the first time, and neither stored nor shown by live tails once more.
 */
export class RecentPushes {
  readonly #options: RecentPushesOptions;
  /** Oldest first. */
  readonly #known = new Map<string, Known>();

  constructor(options: RecentPushesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#known.size;
  }

  /**
   * Runs `store` for content that is not known. Who brings the same content while it runs waits for it, and tries on
   * their own when it fails.
   *
   * @param digest of the content, 16 bytes or more in any text form.
   * @returns whether this call has stored it.
   */
  async once(tenant: string, digest: string, store: () => Promise<void>): Promise<boolean> {
    const key = `${tenant} ${digest}`;
    for (;;) {
      const known = this.#find(key);
      if (known === undefined) {
        break;
      }
      if (await known.stored.then(yes, no)) {
        return false;
      }
    }
    const stored = store();
    this.#remember(key, stored);
    try {
      await stored;
    } catch (error) {
      if (this.#known.get(key)?.stored === stored) {
        this.#known.delete(key);
      }
      throw error;
    }
    return true;
  }

  /** Remembers a push that was stored before the process began. */
  add(tenant: string, digest: string): void {
    this.#remember(`${tenant} ${digest}`, Promise.resolve());
  }

  #find(key: string): Known | undefined {
    const known = this.#known.get(key);
    return known !== undefined && known.atMs + this.#options.periodMs > this.#options.clock.nowMs() ? known : undefined;
  }

  #remember(key: string, stored: Promise<void>): void {
    const { clock, countMax, periodMs } = this.#options;
    const atMs = clock.nowMs();
    this.#known.delete(key);
    this.#known.set(key, { atMs, stored });
    for (const [oldest, known] of this.#known) {
      if (this.#known.size <= countMax && known.atMs + periodMs > atMs) {
        break;
      }
      this.#known.delete(oldest);
    }
  }
}

const yes = (): boolean => true;
const no = (): boolean => false;
