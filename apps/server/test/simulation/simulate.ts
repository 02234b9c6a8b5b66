import { parseArgs } from "node:util";
import { simulate } from "./simulation.ts";

/**
 * `npx pnpm simulate --seed N --trace` replays what a test said of a seed; without a seed it runs many.
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    from: { type: "string", default: "1" },
    count: { type: "string", default: "500" },
    trace: { type: "boolean", default: false },
  },
});

const first = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.count) : 1;
const tell = values.trace ? (line: string): void => console.log(line) : undefined;
const startMs = performance.now();
let failures = 0;
let steps = 0;
let lives = 0;
let lines = 0;
let deleted = 0;
for (let seed = first; seed < first + count; seed++) {
  try {
    const report = await simulate({ seed, ...(tell && { tell }) });
    steps += report.steps;
    lives += report.lives;
    lines += report.lines;
    deleted += report.deleted;
  } catch (error) {
    failures += 1;
    console.error(`seed ${seed} fails:`, error);
  }
}
const seconds = (performance.now() - startMs) / 1000;
console.log(
  `${count} seeds, ${failures} failed, ${steps} steps, ${lives} lives, ${lines} lines, ${deleted} deleted, ${seconds.toFixed(1)} s`,
);
process.exitCode = failures > 0 ? 1 : 0;
