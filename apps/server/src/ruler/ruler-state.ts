import { messageOf, type Counter, type Logger, type Metrics } from "@sluice/model";
import type { Alert } from "@sluice/rules";
import { z } from "zod";
import type { Notification } from "./notification.ts";

/** Where the state is kept: one text, replaced as a whole. */
export interface StateStorage {
  /** Resolves to undefined when nothing was saved yet. */
  load(): Promise<string | undefined>;
  /** Durable when it resolves; after a rejection or a crash either the old text is there or the new one. */
  save(text: string): Promise<void>;
}

/** The alerts of one rule; what a rule's key is, its group decides. */
export interface RuleAlerts {
  readonly group: string;
  readonly ruleKey: string;
  readonly alerts: readonly Alert[];
}

/** Notifications that wait while the receiver takes none; beyond, the oldest go. */
const outboxMax = 1000;

/**
 * What the ruler must not forget: the alerts of each rule, and the outbox of notifications that nobody has taken yet.
 * Both are one value in one file, so that an alert never changes without its notification, nor the other way round.
 */
export class RulerState {
  readonly #storage: StateStorage;
  readonly #logger: Logger;
  readonly #saveFailures: Counter;
  readonly #dropped: Counter;
  readonly #groups: Map<string, { evaluatedAtMs: number; readonly rules: Map<string, readonly Alert[]> }>;
  #outbox: readonly Notification[];
  #version = 0;
  #savedVersion = 0;
  #saves: Promise<void> = Promise.resolve();

  private constructor(storage: StateStorage, logger: Logger, metrics: Metrics, stored: StoredState) {
    this.#storage = storage;
    this.#logger = logger;
    this.#saveFailures = metrics.counter(
      "sluice_ruler_state_save_failures_total",
      "Times that alert states could not be saved.",
    );
    this.#dropped = metrics.counter(
      "sluice_ruler_notifications_dropped_total",
      "Notifications dropped because too many waited.",
    );
    this.#groups = new Map(
      stored.groups.map(({ name, evaluatedAtMs, rules }) => [
        name,
        { evaluatedAtMs, rules: new Map(rules.map(({ key, alerts }) => [key, alerts])) },
      ]),
    );
    this.#outbox = stored.outbox;
  }

  /** Reads what was saved. What cannot be read is reported and forgotten: rules must go on being evaluated. */
  static async open(storage: StateStorage, logger: Logger, metrics: Metrics): Promise<RulerState> {
    let stored: StoredState = { version: 1, groups: [], outbox: [] };
    const text = await storage.load();
    if (text !== undefined) {
      try {
        stored = StoredState.parse(JSON.parse(text));
      } catch (error) {
        logger.error("cannot read the saved alert states, starting without them", { error: messageOf(error) });
      }
    }
    return new RulerState(storage, logger, metrics, stored);
  }

  /** Notifications that wait to be delivered, the oldest first. */
  get outbox(): readonly Notification[] {
    return this.#outbox;
  }

  /** The alerts of every rule that has some. */
  all(): readonly RuleAlerts[] {
    return [...this.#groups].flatMap(([group, { rules }]) =>
      [...rules].map(([ruleKey, alerts]) => ({ group, ruleKey, alerts })),
    );
  }

  alertsOf(group: string, ruleKey: string): readonly Alert[] {
    return this.#groups.get(group)?.rules.get(ruleKey) ?? [];
  }

  /** Time of the last evaluation of the group that was worth saving. */
  evaluatedAtMs(group: string): number | undefined {
    return this.#groups.get(group)?.evaluatedAtMs;
  }

  /** Replaces the alerts of a rule and puts what there is to tell about it into the outbox. */
  setAlerts(
    { group, ruleKey, alerts }: RuleAlerts,
    evaluatedAtMs: number,
    notifications: readonly Notification[],
  ): void {
    const stored = this.#groups.get(group) ?? { evaluatedAtMs, rules: new Map<string, readonly Alert[]>() };
    stored.evaluatedAtMs = evaluatedAtMs;
    if (alerts.length > 0) {
      stored.rules.set(ruleKey, alerts);
    } else {
      stored.rules.delete(ruleKey);
    }
    if (stored.rules.size > 0) {
      this.#groups.set(group, stored);
    } else {
      this.#groups.delete(group);
    }
    const outbox = [...this.#outbox, ...notifications];
    const excess = Math.max(0, outbox.length - outboxMax);
    if (excess > 0) {
      this.#logger.error("too many notifications wait, dropping the oldest", { dropped: excess });
      this.#dropped.add(excess);
    }
    this.#outbox = outbox.slice(excess);
    this.#version += 1;
  }

  /** Takes a notification out of the outbox: it was delivered, or never will be. */
  settle(key: string): void {
    this.#outbox = this.#outbox.filter((notification) => notification.key !== key);
    this.#version += 1;
  }

  /**
   * Resolves when everything up to now is saved, or could not be: that is counted and logged, and alerts go on, since
   * a full disk must not silence them. The next save has it all.
   */
  save(): Promise<void> {
    this.#saves = this.#saves.then(async () => {
      const version = this.#version;
      if (version === this.#savedVersion) {
        return;
      }
      try {
        await this.#storage.save(this.#print());
        this.#savedVersion = version;
      } catch (error) {
        this.#saveFailures.add(1);
        this.#logger.error("cannot save the alert states; after a restart messages may repeat", {
          error: messageOf(error),
        });
      }
    });
    return this.#saves;
  }

  #print(): string {
    const stored: StoredState = {
      version: 1,
      groups: [...this.#groups].map(([name, { evaluatedAtMs, rules }]) => ({
        name,
        evaluatedAtMs,
        rules: [...rules].map(([key, alerts]) => ({ key, alerts })),
      })),
      outbox: this.#outbox,
    };
    return JSON.stringify(stored);
  }
}

const StoredLabels = z.array(z.strictObject({ name: z.string(), value: z.string() })).readonly();

const storedAlert = { labels: StoredLabels, annotations: StoredLabels, value: z.string(), activeAtMs: z.number() };

const StoredAlert = z.discriminatedUnion("state", [
  z.strictObject({ ...storedAlert, state: z.literal("pending") }),
  z.strictObject({
    ...storedAlert,
    state: z.literal("firing"),
    firedAtMs: z.number(),
    absentSinceMs: z.number().optional(),
  }),
]);

const StoredNotification = z.strictObject({
  key: z.string(),
  status: z.enum(["firing", "resolved"]),
  group: z.string(),
  name: z.string(),
  atMs: z.number(),
  alertCount: z.number(),
  alerts: z.array(StoredAlert).readonly(),
  commonLabels: StoredLabels,
  logs: z.strictObject({ query: z.string(), fromMs: z.number(), toMs: z.number() }).optional(),
});

const StoredState = z.strictObject({
  version: z.literal(1),
  groups: z.array(
    z.strictObject({
      name: z.string(),
      evaluatedAtMs: z.number(),
      rules: z.array(z.strictObject({ key: z.string(), alerts: z.array(StoredAlert).readonly() })),
    }),
  ),
  outbox: z.array(StoredNotification).readonly(),
});
type StoredState = z.output<typeof StoredState>;
