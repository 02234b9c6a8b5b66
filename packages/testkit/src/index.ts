export * from "./log-lines.ts";
export * from "./quiet-ports.ts";
export * from "./random.ts";
export * from "./temporary-directory.ts";
export * from "./virtual-clock.ts";
