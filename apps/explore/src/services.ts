import type { Client } from "@sluice/api";
import type { OpenSocket } from "./session/live.ts";

/** What the page uses of its surroundings. */
export interface Services {
  /** The address of the directory that the page is served from. */
  readonly base: string;
  readonly clientOf: (tenant: string) => Client;
  readonly openSocket: OpenSocket;
  readonly nowMs: () => number;
  readonly setTimer: (run: () => void, ms: number) => number;
  readonly clearTimer: (timer: number) => void;
}
