export { systemClock, systemRng } from "./clock.ts";
export { nodeFileSystem } from "./file-system.ts";
