import { ServiceError } from "@sluice/model";

/** A wait that is named to a sender, in milliseconds: not a day when a limit is 0. */
const retryAfterMsMax = 3_600_000;

/** A push that is refused, all or a part of it, and what HTTP has to say about it. */
export class PushRefused extends ServiceError {
  readonly status: number;
  /** When it may come again; undefined when that would not help. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, message: string, retryAfterMs?: number) {
    super(status === 429 ? "rate_limited" : status === 503 ? "unavailable" : "bad_data", message);
    this.status = status;
    this.retryAfterMs = retryAfterMs === undefined ? undefined : Math.min(retryAfterMs, retryAfterMsMax);
  }
}
