import { messageOf, type Clock, type Logger, type Metrics } from "@sluice/model";
import type { DeliveryResult, Notification, Notify } from "./notification.ts";
import type { RulerState } from "./ruler-state.ts";

const backoffFirstMs = 1000;
const backoffMaxMs = 60_000;
/** A receiver that asks for more patience than this gets less. */
const retryAfterMaxMs = 3_600_000;
/** Older news is dropped: so one message that a receiver cannot take does not hold up the others for ever. */
const ageMaxMs = 86_400_000;
/** What an attempt that was begun may still take after a stop. */
const stopGraceMs = 5000;

export interface OutboxOptions {
  readonly state: RulerState;
  readonly notify: Notify;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface Outbox {
  /** Something new may be in the outbox. */
  readonly wake: () => void;
  /** Lets an attempt that was begun end; what was not delivered stays in the state. */
  readonly stop: () => Promise<void>;
}

/**
 * Delivers the outbox of the state, the oldest first, one at a time, each until it is taken: so messages keep their
 * order and a firing one never follows its resolved one. A notification leaves the state once a receiver has taken it
 * (or refused it for good), and that is saved before the next one begins.
 *
 * Delivery is at least once: what the receiver took without our learning of it (its answer was lost, or the process
 * killed before it was saved) is sent again, with the same key. In every other case it is once.
 */
export function startOutbox({ state, notify, clock, logger, metrics }: OutboxOptions): Outbox {
  const attempts = metrics.counter("sluice_ruler_notifications_total", "Attempts to notify by outcome.", ["outcome"]);
  const waiting = metrics.gauge("sluice_ruler_notifications_waiting", "Notifications not delivered yet.");
  const stopping = new AbortController();
  const grace = new AbortController();
  let bell = Promise.withResolvers<void>();

  const attempt = async (notification: Notification): Promise<DeliveryResult> => {
    try {
      return await notify(notification, grace.signal);
    } catch (error) {
      // A bug; the same notification would only find it again.
      return { outcome: "refused", reason: messageOf(error) };
    }
  };

  const deliver = async (notification: Notification): Promise<void> => {
    const about = { rule: notification.name, status: notification.status, key: notification.key };
    for (let failures = 0; !stopping.signal.aborted; failures++) {
      const result = await attempt(notification);
      attempts.add(1, { outcome: result.outcome });
      const isTooOld = clock.nowMs() - notification.atMs > ageMaxMs;
      if (result.outcome !== "retry" || isTooOld) {
        if (result.outcome !== "delivered") {
          logger.error("giving up a notification", { ...about, error: result.reason });
        }
        state.settle(notification.key);
        await state.save();
        return;
      }
      const backoffMs = Math.min(backoffFirstMs * 2 ** failures, backoffMaxMs);
      const pauseMs = Math.min(Math.max(result.afterMs ?? 0, backoffMs), retryAfterMaxMs);
      logger.warn("notification failed, trying again", { ...about, error: result.reason, pauseMs });
      await clock.sleep(pauseMs, stopping.signal);
    }
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const next = state.outbox[0];
      waiting.set(state.outbox.length);
      if (next === undefined) {
        await bell.promise;
        bell = Promise.withResolvers();
      } else {
        await deliver(next);
      }
    }
  };
  const running = loop();

  return {
    wake: () => bell.resolve(),
    async stop() {
      stopping.abort();
      bell.resolve();
      const done = new AbortController();
      const deadline = clock.sleep(stopGraceMs, done.signal).then(() => grace.abort());
      await running;
      done.abort();
      await deadline;
    },
  };
}
