import { memoryObjectStore } from "./memory.ts";
import { objectStoreSuite } from "./testing/suite.ts";

objectStoreSuite("the store in memory", async () => ({
  store: memoryObjectStore(),
  async [Symbol.asyncDispose]() {},
}));
