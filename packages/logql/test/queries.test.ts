import { readdirSync, readFileSync } from "node:fs";
import { expect, describe, test } from "vitest";
import { answerOf, parseQueryTests } from "./query-test-language.ts";

const directory = new URL("queries/", import.meta.url);
const files = readdirSync(directory).filter((name) => name.endsWith(".logqltest"));

describe.for(files)("%s", (name) => {
  const cases = parseQueryTests(readFileSync(new URL(name, directory), "utf8"));
  test.for(cases)("$title", async (queryCase) => {
    // How entries are cut into blocks must not show.
    for (const blockSize of [1, 3, 1000]) {
      expect(await answerOf(queryCase, blockSize), `blocks of ${blockSize}`).toEqual(queryCase.expected);
    }
  });
});
