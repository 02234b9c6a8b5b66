import { expect, test } from "vitest";
import { Problems } from "./problems.ts";

const one = { lines: 1, bytes: 10 };

function problemsOf(texts: readonly string[]): Problems {
  const problems = new Problems();
  for (const text of texts) {
    problems.add("line_too_long", one, () => text);
  }
  return problems;
}

test("equal problems are counted, different ones joined", () => {
  const problems = problemsOf(["a", "b", "a"]);
  expect(problems.print()).toBe("2 errors like: a; b");
  expect(problems.count).toBe(3);
});

test("an answer tells a hundred different problems, and how many more there are", () => {
  const problems = problemsOf(Array.from({ length: 1000 }, (_, i) => `problem ${i}`));
  expect(problems.print()).toMatch(/^problem 0; .*; problem 99; and 900 more$/u);
  expect(problems.count).toBe(1000);
});

test("of very many problems the texts are not even made", () => {
  const problems = new Problems();
  let made = 0;
  for (let i = 0; i < 1_000_000; i++) {
    problems.add("line_too_long", one, () => {
      made += 1;
      return "same";
    });
  }
  expect(made).toBe(10_000);
  expect(problems.print()).toBe("10000 errors like: same; and 990000 more");
  expect(problems.discarded.amounts).toEqual(new Map([["line_too_long", { lines: 1_000_000, bytes: 10_000_000 }]]));
});
