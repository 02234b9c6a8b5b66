export * from "./log-lines.ts";
export * from "./quiet-ports.ts";
export * from "./random.ts";
export * from "./simulation/deterministic.ts";
export * from "./simulation/fault-disk.ts";
export * from "./simulation/scheduler.ts";
export * from "./temporary-directory.ts";
export * from "./virtual-clock.ts";
