export { type LockOwner, thisProcess } from "./lock.ts";
export type { Position, PositionedRecord } from "./position.ts";
export { openWal, type Wal, type WalOptions } from "./wal.ts";
