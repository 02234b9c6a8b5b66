import { expect, test } from "vitest";
import { mutations } from "./mutations.ts";
import { simulate } from "./simulation.ts";

const seeds = 500;

test(`every acknowledged line is shown exactly once, and nothing else, whatever fails (${seeds} seeds)`, async () => {
  let lives = 0;
  let lines = 0;
  let deleted = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      const report = await simulate({ seed });
      lives += report.lives;
      lines += report.lines;
      deleted += report.deleted;
    } catch (error) {
      throw new Error(`seed ${seed} fails; to see how: npx pnpm simulate --seed ${seed} --trace`, { cause: error });
    }
  }
  // Worlds in which little happens would prove little.
  expect(lives).toBeGreaterThan(seeds * 5);
  expect(lines).toBeGreaterThan(seeds * 30);
  expect(deleted).toBeGreaterThan(seeds);
}, 300_000);

test.for([7, 8])("the same seed gives the same run, seed %i", async (seed) => {
  const runs: string[][] = [[], []];
  for (const run of runs) {
    await simulate({ seed, tell: (line) => void run.push(line) });
  }
  expect(runs[0]!.length).toBeGreaterThan(300);
  expect(runs[1]).toEqual(runs[0]);
});

/** Of so many seeds one must show that a server makes a mistake. */
const mutatedSeeds = 300;
/** What a mistake leads to: not just any error. */
const consequence =
  /has lost a line|shows a line|does not (?:name|find)|says it has|counts \d+ lines|is damaged|is missing|covers more of the WAL/u;

test.for(mutations)("it is noticed that $title", async (mutation) => {
  for (let seed = 1; seed <= mutatedSeeds; seed++) {
    try {
      await simulate({ seed, mutation });
    } catch (error) {
      expect((error as Error).message).toMatch(consequence);
      return;
    }
  }
  expect.fail(`${mutatedSeeds} seeds do not notice that ${mutation.title}`);
});
