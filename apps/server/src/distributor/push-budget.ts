import type { Metrics } from "@sluice/model";
import { PushRefused } from "./push-refused.ts";

/** Bytes that one push holds, until it is answered. */
export interface Reservation {
  /**
   * Says that they are at least as many, while they come.
   *
   * @throws {PushRefused} 503 or 429 when there is no room for as many bytes.
   */
  grow(bytes: number): void;
  /**
   * Says how many they are, when what came is unpacked. Letting it go is what keeps memory flat: packed, all of them may
   * have found room.
   *
   * @throws {PushRefused} as {@link grow}.
   */
  resize(bytes: number): void;
  release(): void;
}

const retryAfterMs = 1000;

/**
 * Bounds the bytes of pushes that are being received, decoded or made durable, so that memory stays flat however much
 * comes. Beyond the half of it, each tenant that has pushes under way may hold an equal part: one that floods the server
 * does not keep the others out.
 */
export class PushBudget {
  readonly #bytesMax: number;
  readonly #heldOfTenant = new Map<string, number>();
  #held = 0;
  readonly #gauge;
  readonly #refused;

  constructor(bytesMax: number, metrics: Metrics) {
    this.#bytesMax = bytesMax;
    this.#gauge = metrics.gauge("sluice_push_in_flight_bytes", "Bytes of pushes that are not answered yet.");
    this.#refused = metrics.counter(
      "sluice_push_refused_total",
      "Pushes that were refused unread because too many bytes were in flight, of all tenants or of one.",
      ["tenant", "of"],
    );
  }

  /** @throws {PushRefused} 503 or 429 when there is no room for as many bytes. */
  reserve(tenant: string, bytes: number): Reservation {
    let held = 0;
    let isReleased = false;
    const resize = (wanted: number): void => {
      if (isReleased) {
        return;
      }
      if (wanted > held) {
        this.#checkRoom(tenant, held, wanted - held);
      }
      this.#add(tenant, wanted - held);
      held = wanted;
    };
    const grow = (wanted: number): void => resize(Math.max(wanted, held));
    grow(bytes);
    return {
      grow,
      resize,
      release() {
        resize(0);
        isReleased = true;
      },
    };
  }

  #checkRoom(tenant: string, heldBySame: number, more: number): void {
    // One push alone is always let in, for it would never be otherwise.
    if (this.#held > heldBySame && this.#held + more > this.#bytesMax) {
      this.#refused.add(1, { tenant, of: "all" });
      throw new PushRefused(
        503,
        `The server cannot accept more requests at this time. (server.push_in_flight_bytes_max: ${this.#bytesMax})`,
        retryAfterMs,
      );
    }
    const ofTenant = this.#heldOfTenant.get(tenant) ?? 0;
    const tenants = this.#heldOfTenant.size + (ofTenant === 0 ? 1 : 0);
    const isBeyondHalf = this.#held + more > this.#bytesMax / 2;
    if (ofTenant > heldBySame && isBeyondHalf && ofTenant + more > this.#bytesMax / tenants) {
      this.#refused.add(1, { tenant, of: "tenant" });
      throw new PushRefused(
        429,
        `user ${tenant} has more in flight than its part of what the server can hold: ${ofTenant} bytes, and ${more} more (server.push_in_flight_bytes_max: ${this.#bytesMax}, shared by ${tenants})`,
        retryAfterMs,
      );
    }
  }

  #add(tenant: string, bytes: number): void {
    const ofTenant = (this.#heldOfTenant.get(tenant) ?? 0) + bytes;
    if (ofTenant > 0) {
      this.#heldOfTenant.set(tenant, ofTenant);
    } else {
      this.#heldOfTenant.delete(tenant);
    }
    this.#held += bytes;
    this.#gauge.set(this.#held);
  }
}
