import { createKernels } from "@sluice/kernels";
import { readdirSync, readFileSync } from "node:fs";
import { expect, describe, test } from "vitest";
import { answerOf, parseQueryTests } from "./query-test-language.ts";

const directory = new URL("queries/", import.meta.url);
const files = readdirSync(directory).filter((name) => name.endsWith(".logqltest"));

const kernels = createKernels();

/** How entries are cut into blocks must not show, nor how the query's time is cut into parts, nor what searches them. */
const ways = [
  { blockSize: 1000, parts: 1 },
  { blockSize: 1, parts: 1 },
  { blockSize: 3, parts: 2 },
  { blockSize: 2, parts: 3 },
  { blockSize: 1000, parts: 7 },
  { blockSize: 1000, parts: 1, kernels },
  { blockSize: 2, parts: 2, kernels },
];

describe.for(files)("%s", (name) => {
  const cases = parseQueryTests(readFileSync(new URL(name, directory), "utf8"));
  test.for(cases)("$title", async (queryCase) => {
    for (const way of ways) {
      const answer = await answerOf(queryCase, way);
      const how = `blocks of ${way.blockSize}, time in ${way.parts} parts, ${"kernels" in way ? "SIMD" : "plain"}`;
      expect(answer, how).toEqual(queryCase.expected);
    }
  });
});
