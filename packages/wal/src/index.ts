export { type LockOwner, thisProcess } from "./lock.ts";
export { openWal, type Position, type PositionedRecord, type Wal, type WalOptions } from "./wal.ts";
