import { seededRng } from "@sluice/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { PatternMiner } from "./pattern-miner.ts";

const encoder = new TextEncoder();

function mine(lines: readonly (string | Uint8Array)[]): readonly [pattern: string, total: number][] {
  const miner = new PatternMiner();
  for (const line of lines) {
    const bytes = typeof line === "string" ? encoder.encode(line) : line;
    miner.add(bytes, 0, bytes.length, 0);
  }
  return miner.finish(300).map(({ pattern, total }) => [pattern, total]);
}

test.for<{ readonly title: string; readonly lines: readonly string[]; readonly want: readonly [string, number][] }>([
  { title: "one line", lines: ["server started"], want: [["server started", 1]] },
  {
    title: "numbers that differ, and one that does not",
    lines: ["GET /a took 5ms status=200 user=1", "GET /a took 7ms status=200 user=2"],
    want: [["GET /a took <_> status=200 user=<_>", 2]],
  },
  {
    title: "messages of several kinds",
    lines: ["connected to db1", "lost connection to db1", "connected to db2", "lost connection to db9"],
    want: [
      ["connected to <_>", 2],
      ["lost connection to <_>", 2],
    ],
  },
  {
    title: "a word that takes many values",
    lines: ["alice", "bob", "carol", "dave", "erin"].map((name) => `user ${name} logged in`),
    want: [["user <_> logged in", 5]],
  },
  {
    title: "a word that takes three: they may mean something",
    lines: ["started", "stopped", "failed"].map((what) => `job ${what} on host`),
    want: [
      ["job failed on host", 1],
      ["job started on host", 1],
      ["job stopped on host", 1],
    ],
  },
  {
    title: "logfmt, where keys are no reason to be alike",
    lines: ['level=info msg="request done" status=200', 'level=info msg="cache miss" status=201'],
    want: [
      ['level=info msg="cache miss" status=201', 1],
      ['level=info msg="request done" status=200', 1],
    ],
  },
  {
    title: "the message of JSON, whatever is around it",
    lines: ['{"a":1,"msg":"it \\"works\\" 5"}', '{"msg": "it \\"works\\" 6", "b":[{"msg":"no"}]}'],
    want: [['<_>it \\"works\\" <_>', 2]],
  },
  {
    title: "of several messages in JSON the first of the list",
    lines: ['{"content":"c","msg":"m d","message":"one x"}'],
    want: [["<_>one x<_>", 1]],
  },
  {
    title: "JSON without a message",
    lines: ['{"a":1,"b":"x"}', '{"a":2,"b":"x"}'],
    want: [['{"a":<_>,"b":"x"}', 2]],
  },
  { title: "gaps and what is not ASCII", lines: ["  größer\tals 5 "], want: [["  größer\tals 5 ", 1]] },
  { title: "lines without a word that they have in common", lines: ["1", "2", "", "  ", "=="], want: [] },
])("$title", ({ lines, want }) => {
  expect(mine(lines)).toEqual(want);
});

test("of a line that is too long the beginning counts", () => {
  const [[pattern] = ["", 0]] = mine([`begin ${"x ".repeat(5000)}1`, `begin ${"x ".repeat(5000)}2`]);
  expect(pattern).toMatch(/^begin (?:x )+x<_>$/u);
});

test("lines are counted by steps", () => {
  const miner = new PatternMiner();
  const line = encoder.encode("it works 1");
  for (const step of [10, 20, 10, 10]) {
    miner.add(line, 0, line.length, step);
  }
  expect([...miner.finish(1)[0]!.samples]).toEqual([
    [10, 3],
    [20, 1],
  ]);
});

test("ten thousand templates: those that are frequent are found, in bounded memory", () => {
  const rng = seededRng(5);
  const word = (): string => String.fromCharCode(...Array.from({ length: 9 }, () => 97 + Math.floor(rng.next() * 26)));
  const lines = Array.from({ length: 20_000 }, (_, i) =>
    i % 4 === 0 ? `the frequent one of ${i}` : `${word()} ${word()} ${word()} ${word()}`,
  );
  const found = mine(lines);
  expect(found[0]).toEqual(["the frequent one of <_>", 5000]);
  expect(found).toHaveLength(300);
});

test("whatever the bytes are, no line is counted twice", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.uint8Array({ maxLength: 80 }),
          fc.json().map((text) => encoder.encode(text)),
        ),
      ),
      (lines) => {
        const total = mine(lines).reduce((sum, [, count]) => sum + count, 0);
        expect(total).toBeLessThanOrEqual(lines.length);
      },
    ),
    { numRuns: 300 },
  );
});
