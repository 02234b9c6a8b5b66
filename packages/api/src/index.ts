export * from "./client.ts";
export * from "./explore-url.ts";
export * from "./paths.ts";
export * from "./responses.ts";
