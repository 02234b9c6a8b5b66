export * from "./byte-size.ts";
export * from "./config.ts";
export * from "./flags.ts";
export * from "./lifecycle.ts";
export * from "./listen.ts";
export * from "./logger.ts";
export * from "./metrics.ts";
export * from "./page-security.ts";
