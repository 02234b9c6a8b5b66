export * from "./alert-rule.ts";
export * from "./alert-state.ts";
export * from "./rule-query.ts";
export * from "./schema.ts";
export * from "./template.ts";
export * from "./value.ts";
